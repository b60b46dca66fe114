"""CIFAR-10-LT 100:1, LDAM-DRW."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4LdamDrw(Preset):
    """CIFAR-10-LT 100:1, LDAM-DRW."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LDAM-DRW"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, LDAM-DRW, 100:1"
    table_row: ClassVar[str | None] = "Table IV, LDAM-DRW, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2588}
    settings_of: ClassVar[str] = (
        "LDAM's official training settings (the paper gives none); the authors' slides have 0.2188 for this row"
    )
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, LDAM-DRW",
        dataset="cifar10",
        imbalance_factor=100.0,
        method="ldam_drw",
    )

    name: Literal["table4_ldam_drw"] = "table4_ldam_drw"
