"""LDAM with deferred re-weighting."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LdamDrwMethod(Method):
    """LDAM with deferred re-weighting."""

    title: ClassVar[str] = "LDAM with deferred re-weighting"
    citation: ClassVar[str] = "Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019, Algorithm 1"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "cross_entropy",
        "perturbations": ["ldam"],
        "weighting": "class_balanced",
        "procedure": "deferred",
    }
    counterpart: ClassVar[str | None] = "ldam"

    name: Literal["ldam_drw"] = "ldam_drw"
