"""R-BCE (re-balanced binary cross entropy)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class RBceMethod(Method):
    """R-BCE (re-balanced binary cross entropy).

    Defaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.
    """

    title: ClassVar[str] = "R-BCE (re-balanced binary cross entropy)"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020, Eq. 3-5"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "binary_cross_entropy",
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "class_balanced"

    name: Literal["r_bce"] = "r_bce"
