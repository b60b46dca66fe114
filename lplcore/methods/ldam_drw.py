"""LDAM with deferred re-weighting."""

from lplcore.frame.alias import Alias

LDAM_DRW = Alias(
    name="ldam_drw",
    title="LDAM with deferred re-weighting",
    citation="Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019, Algorithm 1",
    composition={
        "loss": "cross_entropy",
        "perturbations": ["ldam"],
        "weighting": "class_balanced",
        "procedure": "deferred",
    },
    counterpart="ldam",
)
