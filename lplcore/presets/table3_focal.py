"""Table III, Focal Loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, PAPER, long_tailed


class Table3Focal(Preset):
    """Focal loss in the field's 200 epochs."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, focal loss, 200 epochs"
    table_row: ClassVar[str | None] = "Table III, Focal Loss, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.6159}
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the method's authors have none for CIFAR-LT"
    spec: ClassVar[Mapping[str, Any]] = long_tailed(title, "focal", dataset="cifar100", training=LDAM_TRAINING)

    name: Literal["table3_focal"] = "table3_focal"
