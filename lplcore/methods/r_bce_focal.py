"""R-BCE with focal loss."""

from lplcore.frame.alias import Alias

R_BCE_FOCAL = Alias(
    name="r_bce_focal",
    title="R-BCE with focal loss",
    description="R-BCE with focal loss.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020",
    multi_label_composition={
        "loss": "focal",
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="class_balanced_focal",
)
