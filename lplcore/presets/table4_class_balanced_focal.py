"""Table IV, Class-balanced focal loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import CLASS_BALANCED_CODE, LDAM_TRAINING, PAPER, long_tailed


class Table4ClassBalancedFocal(Preset):
    """Class-balanced focal loss as its authors train it."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, class-balanced focal loss, official settings"
    table_row: ClassVar[str | None] = "Table IV, Class-balanced focal loss, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2543}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = CLASS_BALANCED_CODE
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title,
        {"alias": "class_balanced_focal", "beta": 0.9999, "gamma": 1.0},
        dataset="cifar10",
        training=LDAM_TRAINING,
    )

    name: Literal["table4_class_balanced_focal"] = "table4_class_balanced_focal"
