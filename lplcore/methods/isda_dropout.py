"""ISDA with dropout."""

from lplcore.frame.alias import Alias

ISDA_DROPOUT = Alias(
    name="isda_dropout",
    title="ISDA with dropout",
    citation="Wang et al., Implicit semantic data augmentation, NeurIPS 2019, Table 2",
    composition={
        "loss": "cross_entropy",
        "perturbations": ["isda"],
        "defaults": {"dropout": 0.3},
    },
)
