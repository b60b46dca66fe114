"""R-BCE with LPL."""

from lplcore.frame.alias import Alias

R_BCE_LPL = Alias(
    name="r_bce_lpl",
    title="R-BCE with LPL",
    description="R-BCE with LPL.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE+LPL",
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "perturbations": ["lpl"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="lpl",
)
