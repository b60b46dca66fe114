"""Logit adjustment, then LPL."""

from lplcore.frame.alias import Alias

LA_LPL = Alias(
    name="la_lpl",
    title="Logit adjustment, then LPL",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table IX",
    composition={"loss": "cross_entropy", "perturbations": ["logit_adjustment", "lpl"]},
    counterpart="lpl",
)
