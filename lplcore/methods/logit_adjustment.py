"""Logit adjustment."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LogitAdjustmentMethod(Method):
    """Logit adjustment."""

    title: ClassVar[str] = "Logit adjustment"
    citation: ClassVar[str] = "Menon et al., Long-tail learning via logit adjustment, ICLR 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["logit_adjustment"]}
    counterpart: ClassVar[str | None] = "r_bce_ntr"

    name: Literal["logit_adjustment"] = "logit_adjustment"
