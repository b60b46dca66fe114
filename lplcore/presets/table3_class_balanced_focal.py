"""CIFAR-100-LT 100:1, class-balanced focal loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table3ClassBalancedFocal(Preset):
    """CIFAR-100-LT 100:1, class-balanced focal loss."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, class-balanced focal loss"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, Class-balanced focal loss, 100:1"
    table_row: ClassVar[str | None] = "Table III, Class-balanced focal loss, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.604}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-100-LT 100:1, class-balanced focal loss",
        dataset="cifar100",
        imbalance_factor=100.0,
        method="class_balanced_focal",
    )

    name: Literal["table3_class_balanced_focal"] = "table3_class_balanced_focal"
