"""Cross entropy."""

from lplcore.frame.alias import Alias

CROSS_ENTROPY = Alias(
    name="cross_entropy",
    title="Cross entropy",
    citation="Class-Level Logit Perturbation, Section III-A",
    composition={"loss": "cross_entropy", "perturbations": []},
)
