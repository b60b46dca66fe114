"""Table III, LDAM-DRW."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import LDAM_CODE, LDAM_DRW, LDAM_TRAINING, PAPER, long_tailed


class Table3LdamDrw(Preset):
    """LDAM-DRW as its authors train it."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, LDAM-DRW, official settings"
    table_row: ClassVar[str | None] = "Table III, LDAM-DRW, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.5711}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = LDAM_CODE
    spec: ClassVar[Mapping[str, Any]] = long_tailed(title, LDAM_DRW, dataset="cifar100", training=LDAM_TRAINING)

    name: Literal["table3_ldam_drw"] = "table3_ldam_drw"
