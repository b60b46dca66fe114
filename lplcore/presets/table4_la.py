"""Table IV, LA."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import LA_GRID, PAPER, PAPERS_LA, la_training, long_tailed


class Table4La(Preset):
    """Logit adjustment as the paper quotes it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, logit adjustment, the paper's settings"
    table_row: ClassVar[str | None] = "Table IV, LA, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2233}
    follows: ClassVar[Follows] = "paper"
    settings_of: ClassVar[str] = f"{PAPERS_LA}; the repository of their code reports 0.2211"
    grid: ClassVar[Mapping[str, list[Any]]] = LA_GRID
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title, {"alias": "logit_adjustment", "strength": 1.0}, dataset="cifar10", training=la_training("cifar10")
    )

    name: Literal["table4_la"] = "table4_la"
