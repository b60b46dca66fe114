"""GCL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class GclMethod(Method):
    """GCL."""

    title: ClassVar[str] = "GCL"
    citation: ClassVar[str] = "Li et al., Long-tailed recognition via Gaussian clouded logit adjustment, CVPR 2022"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["gcl"]}
    counterpart: ClassVar[str | None] = "r_bce_ntr"

    name: Literal["gcl"] = "gcl"
