"""LADE."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LadeMethod(Method):
    """LADE."""

    title: ClassVar[str] = "LADE"
    citation: ClassVar[str] = "Hong et al., Disentangling label distribution for long-tailed recognition, CVPR 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "cross_entropy",
        "perturbations": ["logit_adjustment"],
        "regularizers": ["lade"],
    }
    counterpart: ClassVar[str | None] = "r_bce_ntr"

    name: Literal["lade"] = "lade"
