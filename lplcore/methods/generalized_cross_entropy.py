"""Generalised cross entropy."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class GeneralizedCrossEntropyMethod(Method):
    """Generalised cross entropy."""

    title: ClassVar[str] = "Generalised cross entropy"
    citation: ClassVar[str] = "Zhang, Sabuncu, Generalized cross entropy loss, NeurIPS 2018"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "generalized_cross_entropy"}

    name: Literal["generalized_cross_entropy"] = "generalized_cross_entropy"
