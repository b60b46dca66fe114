"""CIFAR-100-LT 100:1, Meta-Weight-Net."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table3MetaWeightNet(Preset):
    """CIFAR-100-LT 100:1, Meta-Weight-Net."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, Meta-Weight-Net"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, Meta-weight net, 100:1"
    table_row: ClassVar[str | None] = "Table III, Meta-weight net, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5839}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-100-LT 100:1, Meta-Weight-Net",
        dataset="cifar100",
        imbalance_factor=100.0,
        method="meta_weight_net",
    )

    name: Literal["table3_meta_weight_net"] = "table3_meta_weight_net"
