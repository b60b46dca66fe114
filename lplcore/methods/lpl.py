"""LPL (class-level logit perturbation)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LplMethod(Method):
    """LPL (class-level logit perturbation)."""

    title: ClassVar[str] = "LPL (class-level logit perturbation)"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Algorithm 2"
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["lpl"]}
    multi_label_composition: ClassVar[Mapping[str, Any] | None] = {
        "loss": "binary_cross_entropy",
        "perturbations": ["lpl"],
    }

    name: Literal["lpl"] = "lpl"
