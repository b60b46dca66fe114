"""R-BCE with focal loss and logit compensation."""

from lplcore.frame.alias import Alias

R_BCE_FOCAL_LC = Alias(
    name="r_bce_focal_lc",
    title="R-BCE with focal loss and logit compensation",
    description=(
        "R-BCE with focal loss and logit compensation.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3."
    ),
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE-Focal+LC",
    multi_label_composition={
        "loss": "focal",
        "perturbations": ["logit_compensation"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="logit_adjustment",
)
