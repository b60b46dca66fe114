"""Label smoothing."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LabelSmoothingMethod(Method):
    """Label smoothing."""

    title: ClassVar[str] = "Label smoothing"
    citation: ClassVar[str] = "Szegedy et al., Rethinking the Inception architecture, CVPR 2016"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "targets": ["label_smoothing"]}

    name: Literal["label_smoothing"] = "label_smoothing"
