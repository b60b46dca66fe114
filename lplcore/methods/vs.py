"""Vector scaling (VS) loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class VsMethod(Method):
    """Vector scaling (VS) loss."""

    title: ClassVar[str] = "Vector scaling (VS) loss"
    citation: ClassVar[str] = "Kini et al., Label-imbalanced and group-sensitive classification, NeurIPS 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["vs"]}
    counterpart: ClassVar[str | None] = "r_bce_ntr"

    name: Literal["vs"] = "vs"
