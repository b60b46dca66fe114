"""Class-balanced focal loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class ClassBalancedFocalMethod(Method):
    """Class-balanced focal loss."""

    title: ClassVar[str] = "Class-balanced focal loss"
    citation: ClassVar[str] = "Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019"
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": {"name": "focal", "form": "sigmoid"},
        "weighting": "class_balanced",
    }
    multi_label_composition: ClassVar[Mapping[str, Any] | None] = {
        "loss": "focal",
        "weighting": "class_balanced",
    }

    name: Literal["class_balanced_focal"] = "class_balanced_focal"
