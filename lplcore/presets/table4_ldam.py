"""CIFAR-10-LT 100:1, LDAM."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4Ldam(Preset):
    """CIFAR-10-LT 100:1, LDAM."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LDAM"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, LDAM, 100:1"
    table_row: ClassVar[str | None] = "Table IV, LDAM, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2645}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, LDAM",
        dataset="cifar10",
        imbalance_factor=100.0,
        method="ldam",
    )

    name: Literal["table4_ldam"] = "table4_ldam"
