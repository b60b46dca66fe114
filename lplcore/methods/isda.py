"""ISDA."""

from lplcore.frame.alias import Alias

ISDA = Alias(
    name="isda",
    title="ISDA",
    citation="Wang et al., Implicit semantic data augmentation for deep networks, NeurIPS 2019",
    composition={"loss": "cross_entropy", "perturbations": ["isda"]},
)
