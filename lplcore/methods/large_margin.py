"""Large-margin softmax."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LargeMarginMethod(Method):
    """Large-margin softmax."""

    title: ClassVar[str] = "Large-margin softmax"
    citation: ClassVar[str] = "Liu et al., Large-margin softmax loss for convolutional neural networks, ICML 2016"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["large_margin"]}
    counterpart: ClassVar[str | None] = "ldam"

    name: Literal["large_margin"] = "large_margin"
