"""Cross entropy."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class CrossEntropyMethod(Method):
    """Cross entropy."""

    title: ClassVar[str] = "Cross entropy"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Section III-A"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": []}

    name: Literal["cross_entropy"] = "cross_entropy"
