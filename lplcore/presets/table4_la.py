"""CIFAR-10-LT 100:1, logit adjustment."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4La(Preset):
    """CIFAR-10-LT 100:1, logit adjustment."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, LA, 100:1"
    table_row: ClassVar[str | None] = "Table IV, LA, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2233}
    settings_of: ClassVar[str] = "LDAM's official training settings; the paper gives none"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, logit adjustment",
        dataset="cifar10",
        imbalance_factor=100.0,
        method="logit_adjustment",
    )

    name: Literal["table4_la"] = "table4_la"
