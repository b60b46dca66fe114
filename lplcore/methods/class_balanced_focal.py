"""Class-balanced focal loss."""

from lplcore.frame.alias import Alias

CLASS_BALANCED_FOCAL = Alias(
    name="class_balanced_focal",
    title="Class-balanced focal loss",
    citation="Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019",
    composition={
        "loss": {"name": "focal", "form": "sigmoid"},
        "weighting": "class_balanced",
    },
    multi_label_composition={
        "loss": "focal",
        "weighting": "class_balanced",
    },
)
