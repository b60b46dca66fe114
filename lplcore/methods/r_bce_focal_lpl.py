"""R-BCE with focal loss and LPL."""

from lplcore.frame.alias import Alias

R_BCE_FOCAL_LPL = Alias(
    name="r_bce_focal_lpl",
    title="R-BCE with focal loss and LPL",
    description="R-BCE with focal loss and LPL.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE-Focal+LPL",
    multi_label_composition={
        "loss": "focal",
        "perturbations": ["lpl"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="lpl",
)
