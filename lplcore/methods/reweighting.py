"""Re-weighting by inverse frequency."""

from lplcore.frame.alias import Alias

REWEIGHTING = Alias(
    name="reweighting",
    title="Re-weighting by inverse frequency",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, RW",
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "weighting": "inverse_frequency",
    },
    counterpart="class_balanced",
)
