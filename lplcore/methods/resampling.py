"""Class-aware re-sampling."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class ResamplingMethod(Method):
    """Class-aware re-sampling."""

    title: ClassVar[str] = "Class-aware re-sampling"
    citation: ClassVar[str] = "Shen et al., Relay backpropagation, ECCV 2016"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "binary_cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "class_balanced_finetune"

    name: Literal["resampling"] = "resampling"
