"""Balanced softmax."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class BalancedSoftmaxMethod(Method):
    """Balanced softmax."""

    title: ClassVar[str] = "Balanced softmax"
    citation: ClassVar[str] = "Ren et al., Balanced meta-softmax for long-tailed visual recognition, NeurIPS 2020"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["balanced_softmax"]}
    counterpart: ClassVar[str | None] = "r_bce_ntr"

    name: Literal["balanced_softmax"] = "balanced_softmax"
