"""Table IV, LDAM."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import LDAM_CODE, LDAM_TRAINING, PAPER, long_tailed


class Table4Ldam(Preset):
    """LDAM as its authors train it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, LDAM, official settings"
    table_row: ClassVar[str | None] = "Table IV, LDAM, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2645}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = LDAM_CODE
    spec: ClassVar[Mapping[str, Any]] = long_tailed(title, "ldam", dataset="cifar10", training=LDAM_TRAINING)

    name: Literal["table4_ldam"] = "table4_ldam"
