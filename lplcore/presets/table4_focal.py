"""CIFAR-10-LT 100:1, focal loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4Focal(Preset):
    """CIFAR-10-LT 100:1, focal loss."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, focal loss"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, Focal Loss, 100:1"
    table_row: ClassVar[str | None] = "Table IV, Focal Loss, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2962}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, focal loss",
        dataset="cifar10",
        imbalance_factor=100.0,
        method="focal",
    )

    name: Literal["table4_focal"] = "table4_focal"
