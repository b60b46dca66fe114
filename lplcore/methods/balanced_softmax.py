"""Balanced softmax."""

from lplcore.frame.alias import Alias

BALANCED_SOFTMAX = Alias(
    name="balanced_softmax",
    title="Balanced softmax",
    citation="Ren et al., Balanced meta-softmax for long-tailed visual recognition, NeurIPS 2020",
    composition={"loss": "cross_entropy", "perturbations": ["balanced_softmax"]},
    counterpart="r_bce_ntr",
)
