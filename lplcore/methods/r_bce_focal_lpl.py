"""R-BCE with focal loss and LPL."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class RBceFocalLplMethod(Method):
    """R-BCE with focal loss and LPL.

    Defaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.
    """

    title: ClassVar[str] = "R-BCE with focal loss and LPL"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE-Focal+LPL"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "focal",
        "perturbations": ["lpl"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "lpl"

    name: Literal["r_bce_focal_lpl"] = "r_bce_focal_lpl"
