"""Table III, Class-balanced CE loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import CLASS_BALANCED_CODE, LDAM_TRAINING, PAPER, long_tailed


class Table3ClassBalanced(Preset):
    """Class-balanced cross entropy as its authors train it."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, class-balanced cross entropy, official settings"
    table_row: ClassVar[str | None] = "Table III, Class-balanced CE loss, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.6123}
    follows: ClassVar[Follows] = "official"
    settings_of: ClassVar[str] = CLASS_BALANCED_CODE
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title, {"alias": "class_balanced", "beta": 0.9999}, dataset="cifar100", training=LDAM_TRAINING
    )

    name: Literal["table3_class_balanced"] = "table3_class_balanced"
