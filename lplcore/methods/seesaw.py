"""Seesaw loss."""

from lplcore.frame.alias import Alias

SEESAW = Alias(
    name="seesaw",
    title="Seesaw loss",
    citation="Wang et al., Seesaw loss for long-tailed instance segmentation, CVPR 2021",
    composition={"loss": "cross_entropy", "perturbations": ["seesaw"]},
    counterpart="r_bce_ntr",
)
