"""Class-balanced cross entropy."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class ClassBalancedMethod(Method):
    """Class-balanced cross entropy."""

    title: ClassVar[str] = "Class-balanced cross entropy"
    citation: ClassVar[str] = "Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "weighting": "class_balanced"}
    counterpart: ClassVar[str | None] = "class_balanced_focal"

    name: Literal["class_balanced"] = "class_balanced"
