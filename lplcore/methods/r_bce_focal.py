"""R-BCE with focal loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class RBceFocalMethod(Method):
    """R-BCE with focal loss.

    Defaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.
    """

    title: ClassVar[str] = "R-BCE with focal loss"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "focal",
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "class_balanced_focal"

    name: Literal["r_bce_focal"] = "r_bce_focal"
