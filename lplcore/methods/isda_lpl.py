"""ISDA, then LPL."""

from lplcore.frame.alias import Alias

ISDA_LPL = Alias(
    name="isda_lpl",
    title="ISDA, then LPL",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table I",
    composition={"loss": "cross_entropy", "perturbations": ["isda", "lpl"]},
    counterpart="lpl",
)
