"""LADE."""

from lplcore.frame.alias import Alias

LADE = Alias(
    name="lade",
    title="LADE",
    citation="Hong et al., Disentangling label distribution for long-tailed recognition, CVPR 2021",
    composition={
        "loss": "cross_entropy",
        "perturbations": ["logit_adjustment"],
        "regularizers": ["lade"],
    },
    counterpart="r_bce_ntr",
)
