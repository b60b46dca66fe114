"""Influence-balanced loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class InfluenceBalancedMethod(Method):
    """Influence-balanced loss."""

    title: ClassVar[str] = "Influence-balanced loss"
    citation: ClassVar[str] = "Park et al., Influence-balanced loss for imbalanced visual classification, ICCV 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "weighting": "influence_balanced"}
    counterpart: ClassVar[str | None] = "reweighting"

    name: Literal["influence_balanced"] = "influence_balanced"
