"""CIFAR-10-LT 100:1, Meta-Weight-Net."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4MetaWeightNet(Preset):
    """CIFAR-10-LT 100:1, Meta-Weight-Net."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, Meta-Weight-Net"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, Meta-weight net, 100:1"
    table_row: ClassVar[str | None] = "Table IV, Meta-weight net, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2643}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, Meta-Weight-Net",
        dataset="cifar10",
        imbalance_factor=100.0,
        method="meta_weight_net",
    )

    name: Literal["table4_meta_weight_net"] = "table4_meta_weight_net"
