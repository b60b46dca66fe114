"""R-BCE with logit compensation."""

from lplcore.frame.alias import Alias

R_BCE_LC = Alias(
    name="r_bce_lc",
    title="R-BCE with logit compensation",
    description="R-BCE with logit compensation.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE+LC",
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "perturbations": ["logit_compensation"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="logit_adjustment",
)
