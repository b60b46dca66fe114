"""Cross entropy beside Table III."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed


class Table3CrossEntropy(Preset):
    """Cross entropy in the field's 200 epochs: the baseline that the paper's Table III leaves out."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, cross entropy, 200 epochs"
    citation: ClassVar[str] = "Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.6168}
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the figure's authors train so"
    spec: ClassVar[Mapping[str, Any]] = long_tailed(title, "cross_entropy", dataset="cifar100", training=LDAM_TRAINING)

    name: Literal["table3_cross_entropy"] = "table3_cross_entropy"
