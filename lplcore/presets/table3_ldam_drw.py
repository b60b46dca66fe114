"""CIFAR-100-LT 100:1, LDAM-DRW."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table3LdamDrw(Preset):
    """CIFAR-100-LT 100:1, LDAM-DRW."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LDAM-DRW"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, LDAM-DRW, 100:1"
    table_row: ClassVar[str | None] = "Table III, LDAM-DRW, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5711}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-100-LT 100:1, LDAM-DRW",
        dataset="cifar100",
        imbalance_factor=100.0,
        method="ldam_drw",
    )

    name: Literal["table3_ldam_drw"] = "table3_ldam_drw"
