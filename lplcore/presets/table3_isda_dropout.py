"""CIFAR-100-LT 100:1, ISDA with dropout."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table3IsdaDropout(Preset):
    """CIFAR-100-LT 100:1, ISDA with dropout."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, ISDA with dropout"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, ISDA + Dropout, 100:1"
    table_row: ClassVar[str | None] = "Table III, ISDA + Dropout, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.626}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-100-LT 100:1, ISDA with dropout",
        dataset="cifar100",
        imbalance_factor=100.0,
        method="isda_dropout",
    )

    name: Literal["table3_isda_dropout"] = "table3_isda_dropout"
