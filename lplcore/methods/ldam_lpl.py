"""LDAM, then LPL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LdamLplMethod(Method):
    """LDAM, then LPL."""

    title: ClassVar[str] = "LDAM, then LPL"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Section IV"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["ldam", "lpl"]}
    counterpart: ClassVar[str | None] = "lpl"

    name: Literal["ldam_lpl"] = "ldam_lpl"
