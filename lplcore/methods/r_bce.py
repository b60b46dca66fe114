"""R-BCE (re-balanced binary cross entropy)."""

from lplcore.frame.alias import Alias

R_BCE = Alias(
    name="r_bce",
    title="R-BCE (re-balanced binary cross entropy)",
    description=(
        "R-BCE (re-balanced binary cross entropy).\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3."
    ),
    citation="Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020, Eq. 3-5",
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="class_balanced",
)
