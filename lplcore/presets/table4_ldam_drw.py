"""Table IV, LDAM-DRW."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import LDAM_CODE, LDAM_DRW, LDAM_TRAINING, PAPER, long_tailed


class Table4LdamDrw(Preset):
    """LDAM-DRW as its authors train it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LDAM-DRW, official settings"
    table_row: ClassVar[str | None] = "Table IV, LDAM-DRW, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2588}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = (
        f"{LDAM_CODE}; the authors' slides have 0.2188 for this row, and Zhang et al., AAAI 2021, 0.2227 so trained"
    )
    spec: ClassVar[Mapping[str, Any]] = long_tailed(title, LDAM_DRW, dataset="cifar10", training=LDAM_TRAINING)

    name: Literal["table4_ldam_drw"] = "table4_ldam_drw"
