"""CIFAR-10-LT 100:1, ISDA with dropout."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table4IsdaDropout(Preset):
    """CIFAR-10-LT 100:1, ISDA with dropout."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, ISDA with dropout"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table IV, ISDA + Dropout, 100:1"
    table_row: ClassVar[str | None] = "Table IV, ISDA + Dropout, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2645}
    settings_of: ClassVar[str] = (
        "LDAM's official training settings (the paper gives none); the authors' slides have 0.2745 for this row"
    )
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-10-LT 100:1, ISDA with dropout",
        dataset="cifar10",
        imbalance_factor=100.0,
        method="isda_dropout",
    )

    name: Literal["table4_isda_dropout"] = "table4_isda_dropout"
