"""Asymmetric loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class AsymmetricMethod(Method):
    """Asymmetric loss."""

    title: ClassVar[str] = "Asymmetric loss"
    citation: ClassVar[str] = "Ridnik et al., Asymmetric loss for multi-label classification, ICCV 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "asymmetric",
    }
    counterpart: ClassVar[str | None] = "focal"

    name: Literal["asymmetric"] = "asymmetric"
