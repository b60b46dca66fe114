"""LDAM."""

from lplcore.frame.alias import Alias

LDAM = Alias(
    name="ldam",
    title="LDAM",
    citation="Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019",
    composition={"loss": "cross_entropy", "perturbations": ["ldam"]},
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "perturbations": ["ldam"],
    },
)
