"""Table IV, LPL (varied tau + varied epsilon)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import (
    HEAD_SCALE,
    PAPER,
    PAPERS_VARIED,
    VARIED,
    VARIED_GRID,
    la_training,
    long_tailed,
)


class Table4LplVaried(Preset):
    """LPL with varied bound as the paper trains it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LPL with varied bound, the paper's settings"
    table_row: ClassVar[str | None] = "Table IV, LPL (varied tau + varied epsilon), 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2205}
    follows: ClassVar[Follows] = "paper"
    settings_of: ClassVar[str] = PAPERS_VARIED
    grid: ClassVar[Mapping[str, list[Any]]] = VARIED_GRID
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {"alias": "lpl", **VARIED, "head_scale": HEAD_SCALE["cifar10"]},
        dataset="cifar10",
        training=la_training("cifar10"),
    )

    name: Literal["table4_lpl_varied"] = "table4_lpl_varied"
