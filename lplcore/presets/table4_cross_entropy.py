"""Cross entropy beside Table IV."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, long_tailed


class Table4CrossEntropy(Preset):
    """Cross entropy in the field's 200 epochs: the baseline that the paper's Table IV leaves out."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, cross entropy, 200 epochs"
    citation: ClassVar[str] = "Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2964}
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the figure's authors train so"
    spec: ClassVar[Mapping[str, Any]] = long_tailed(title, "cross_entropy", dataset="cifar10", training=LDAM_TRAINING)

    name: Literal["table4_cross_entropy"] = "table4_cross_entropy"
