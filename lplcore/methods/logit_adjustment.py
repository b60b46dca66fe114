"""Logit adjustment."""

from lplcore.frame.alias import Alias

LOGIT_ADJUSTMENT = Alias(
    name="logit_adjustment",
    title="Logit adjustment",
    citation="Menon et al., Long-tail learning via logit adjustment, ICLR 2021",
    composition={"loss": "cross_entropy", "perturbations": ["logit_adjustment"]},
    counterpart="r_bce_ntr",
)
