"""Table IV, Class-balanced fine-tuning."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Follows, Preset
from lplcore.presets.cifar_long_tail import FIELD, LDAM_TRAINING, PAPER, long_tailed


class Table4ClassBalancedFinetune(Preset):
    """Class-balanced fine-tuning in the field's 200 epochs."""

    title: ClassVar[str] = "CIFAR-10-LT 100:1, class-balanced fine-tuning, 200 epochs"
    table_row: ClassVar[str | None] = "Table IV, Class-balanced fine-tuning, 100:1"
    citation: ClassVar[str] = f"{PAPER}, {table_row}"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.2866}
    follows: ClassVar[Follows] = "field"
    settings_of: ClassVar[str] = f"{FIELD}; the method's authors have none for CIFAR-LT"
    spec: ClassVar[Mapping[str, Any]] = long_tailed(
        title, "class_balanced_finetune", dataset="cifar10", training=LDAM_TRAINING
    )

    name: Literal["table4_class_balanced_finetune"] = "table4_class_balanced_finetune"
