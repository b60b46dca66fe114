"""CIFAR-100-LT 100:1, class-balanced fine-tuning."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset
from lplcore.presets.cifar_long_tail import cifar_long_tail


class Table3ClassBalancedFinetune(Preset):
    """CIFAR-100-LT 100:1, class-balanced fine-tuning."""

    title: ClassVar[str] = "CIFAR-100-LT 100:1, class-balanced fine-tuning"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Table III, Class-balanced fine-tuning, 100:1"
    table_row: ClassVar[str | None] = "Table III, Class-balanced fine-tuning, 100:1"
    published: ClassVar[Mapping[str, float]] = {"test/top1_error": 0.585}
    settings_of: ClassVar[str] = "LDAM's official training settings (the paper gives none)"
    spec: ClassVar[Mapping[str, Any]] = cifar_long_tail(
        "CIFAR-100-LT 100:1, class-balanced fine-tuning",
        dataset="cifar100",
        imbalance_factor=100.0,
        method="class_balanced_finetune",
    )

    name: Literal["table3_class_balanced_finetune"] = "table3_class_balanced_finetune"
