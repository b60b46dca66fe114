"""CIFAR-100-LT 100:1, LDAM."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table3Ldam(Preset):
    """CIFAR-100-LT 100:1, LDAM."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LDAM"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, LDAM, 100:1"
    table_row: ClassVar[str | None] = "Table III, LDAM, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.594}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-100-LT 100:1, LDAM",
        dataset="cifar100",
        imbalance_factor=100.0,
        method="ldam",
    )

    name: Literal["table3_ldam"] = "table3_ldam"
