"""Seesaw loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class SeesawMethod(Method):
    """Seesaw loss."""

    title: ClassVar[str] = "Seesaw loss"
    citation: ClassVar[str] = "Wang et al., Seesaw loss for long-tailed instance segmentation, CVPR 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["seesaw"]}
    counterpart: ClassVar[str | None] = "r_bce_ntr"

    name: Literal["seesaw"] = "seesaw"
