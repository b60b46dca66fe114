"""R-BCE with LPL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class RBceLplMethod(Method):
    """R-BCE with LPL.

    Defaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.
    """

    title: ClassVar[str] = "R-BCE with LPL"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE+LPL"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "binary_cross_entropy",
        "perturbations": ["lpl"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "lpl"

    name: Literal["r_bce_lpl"] = "r_bce_lpl"
