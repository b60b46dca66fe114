"""Class-balanced fine-tuning."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class ClassBalancedFinetuneMethod(Method):
    """Class-balanced fine-tuning."""

    title: ClassVar[str] = "Class-balanced fine-tuning"
    citation: ClassVar[str] = "Cui et al., Large scale fine-grained categorization, CVPR 2018"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "cross_entropy",
        "sampler": "class_aware",
        "procedure": "two_stage",
    }
    counterpart: ClassVar[str | None] = "resampling"

    name: Literal["class_balanced_finetune"] = "class_balanced_finetune"
