"""Logit adjustment, then LPL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LaLplMethod(Method):
    """Logit adjustment, then LPL."""

    title: ClassVar[str] = "Logit adjustment, then LPL"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table IX"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["logit_adjustment", "lpl"]}
    counterpart: ClassVar[str | None] = "lpl"

    name: Literal["la_lpl"] = "la_lpl"
