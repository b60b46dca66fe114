"""LPL (class-level logit perturbation)."""

from lplcore.frame.alias import Alias

LPL = Alias(
    name="lpl",
    title="LPL (class-level logit perturbation)",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Algorithm 2",
    composition={"loss": "cross_entropy", "perturbations": ["lpl"]},
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "perturbations": ["lpl"],
    },
)
