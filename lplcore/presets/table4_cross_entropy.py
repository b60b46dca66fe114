"""CIFAR-10-LT 100:1, cross entropy."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4CrossEntropy(Preset):
    """CIFAR-10-LT 100:1, cross entropy: the baseline that the paper's Table IV leaves out."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, cross entropy"
    citation: ClassVar[str] = "Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2964}
    settings_of: ClassVar[str] = "LDAM's official training settings; the published figure is of Zhang et al., 2021"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, cross entropy",
        dataset="cifar10",
        imbalance_factor=100.0,
        method="cross_entropy",
    )

    name: Literal["table4_cross_entropy"] = "table4_cross_entropy"
