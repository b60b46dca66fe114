"""Class-balanced cross entropy."""

from lplcore.frame.alias import Alias

CLASS_BALANCED = Alias(
    name="class_balanced",
    title="Class-balanced cross entropy",
    citation="Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019",
    composition={"loss": "cross_entropy", "weighting": "class_balanced"},
    counterpart="class_balanced_focal",
)
