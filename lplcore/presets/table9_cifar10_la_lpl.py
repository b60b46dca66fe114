"""Table IX, LA+LPL on CIFAR-10-LT."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import (
    HEAD_SCALE,
    LA_LPL_GRID,
    PAPER,
    PAPERS_LA_LPL,
    VARIED,
    la_training,
    long_tailed,
)


class Table9Cifar10LaLpl(Preset):
    """Logit adjustment, then LPL, as the paper trains it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, then LPL, the paper's settings"
    table_row: ClassVar[str | None] = "Table IX, LA+LPL"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2146}
    follows: ClassVar[Follows] = "paper"
    settings_of: ClassVar[str] = PAPERS_LA_LPL
    grid: ClassVar[Mapping[str, list[Any]]] = LA_LPL_GRID
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {"alias": "la_lpl", "strength": 1.0, **VARIED, "threshold": 4.0, "head_scale": HEAD_SCALE["cifar10"]},
        dataset="cifar10",
        training=la_training("cifar10"),
    )

    name: Literal["table9_cifar10_la_lpl"] = "table9_cifar10_la_lpl"
