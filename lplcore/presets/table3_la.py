"""Table III, LA."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import LA_GRID, PAPER, PAPERS_LA, la_training, long_tailed


class Table3La(Preset):
    """Logit adjustment as the paper quotes it."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, logit adjustment, the paper's settings"
    table_row: ClassVar[str | None] = "Table III, LA, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5611}
    follows: ClassVar[Follows] = "paper"
    settings_of: ClassVar[str] = f"{PAPERS_LA}; the repository of their code reports 0.5594"
    grid: ClassVar[Mapping[str, list[Any]]] = LA_GRID
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title, {"alias": "logit_adjustment", "strength": 1.0}, dataset="cifar100", training=la_training("cifar100")
    )

    name: Literal["table3_la"] = "table3_la"
