"""ISDA, then LPL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class IsdaLplMethod(Method):
    """ISDA, then LPL."""

    title: ClassVar[str] = "ISDA, then LPL"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table I"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["isda", "lpl"]}
    counterpart: ClassVar[str | None] = "lpl"

    name: Literal["isda_lpl"] = "isda_lpl"
