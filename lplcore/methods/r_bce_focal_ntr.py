"""R-BCE with focal loss and negative-tolerant regularisation (DB-focal)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class RBceFocalNtrMethod(Method):
    """R-BCE with focal loss and negative-tolerant regularisation (DB-focal).

    Defaults are those for COCO-MLT, mu 0.2 and lambda (`negative_scale`) 2; VOC-MLT takes 0.3 and 5.
    """

    title: ClassVar[str] = "R-BCE with focal loss and negative-tolerant regularisation (DB-focal)"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": {"name": "focal", "negative_scale": 2.0},
        "perturbations": [{"name": "negative_tolerant", "kappa": 0.05, "negative_scale": 2.0}],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "logit_adjustment"
    shared: ClassVar[frozenset[str]] = frozenset({"negative_scale"})

    name: Literal["r_bce_focal_ntr"] = "r_bce_focal_ntr"
