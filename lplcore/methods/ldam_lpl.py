"""LDAM, then LPL."""

from lplcore.frame.alias import Alias

LDAM_LPL = Alias(
    name="ldam_lpl",
    title="LDAM, then LPL",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Section IV",
    composition={"loss": "cross_entropy", "perturbations": ["ldam", "lpl"]},
    counterpart="lpl",
)
