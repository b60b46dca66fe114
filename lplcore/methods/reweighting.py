"""Re-weighting by inverse frequency."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class ReweightingMethod(Method):
    """Re-weighting by inverse frequency."""

    title: ClassVar[str] = "Re-weighting by inverse frequency"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, RW"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "binary_cross_entropy",
        "weighting": "inverse_frequency",
    }
    counterpart: ClassVar[str | None] = "class_balanced"

    name: Literal["reweighting"] = "reweighting"
