"""Table IX, LA+LPL on CIFAR-100-LT."""

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


class Table9Cifar100LaLpl(Preset):
    """Logit adjustment, then LPL, as the paper trains it."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, then LPL, the paper's settings"
    table_row: ClassVar[str | None] = "Table IX, LA+LPL"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5389}
    follows: ClassVar[Follows] = "paper"
    settings_of: ClassVar[str] = (
        f"{PAPERS_LA_LPL}; the released script has tau 27 and priors permuted by a bug, from which the figure may come"
    )
    grid: ClassVar[Mapping[str, list[Any]]] = LA_LPL_GRID
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {"alias": "la_lpl", "strength": 1.0, **VARIED, "threshold": 40.0, "head_scale": HEAD_SCALE["cifar100"]},
        dataset="cifar100",
        training=la_training("cifar100"),
    )

    name: Literal["table9_cifar100_la_lpl"] = "table9_cifar100_la_lpl"
