"""R-BCE with logit compensation."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class RBceLcMethod(Method):
    """R-BCE with logit compensation.

    Defaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.
    """

    title: ClassVar[str] = "R-BCE with logit compensation"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE+LC"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "binary_cross_entropy",
        "perturbations": ["logit_compensation"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "logit_adjustment"

    name: Literal["r_bce_lc"] = "r_bce_lc"
