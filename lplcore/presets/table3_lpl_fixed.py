"""Table III, LPL (varied tau + fixed epsilon)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIXED, FIXED_GRID, PAPER, PAPERS_FIXED, la_training, long_tailed


class Table3LplFixed(Preset):
    """LPL with fixed bound as the paper trains it."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LPL with fixed bound, the paper's settings"
    table_row: ClassVar[str | None] = "Table III, LPL (varied tau + fixed epsilon), 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5803}
    follows: ClassVar[Follows] = "paper"
    settings_of: ClassVar[str] = PAPERS_FIXED
    grid: ClassVar[Mapping[str, list[Any]]] = FIXED_GRID
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title, {"alias": "lpl", **FIXED}, dataset="cifar100", training=la_training("cifar100")
    )

    name: Literal["table3_lpl_fixed"] = "table3_lpl_fixed"
