"""Generalised cross entropy."""

from lplcore.frame.alias import Alias

GENERALIZED_CROSS_ENTROPY = Alias(
    name="generalized_cross_entropy",
    title="Generalised cross entropy",
    citation="Zhang, Sabuncu, Generalized cross entropy loss, NeurIPS 2018",
    formula=r"\ell = \frac{1 - p_y^{q}}{q}",
    effect=(
        "The gradient of examples with a small p_y vanishes, so that wrong labels do little harm; tail "
        "examples, whose p_y is small for long, learn little too."
    ),
    advice="For labels with noise, not for long tails: on long-tailed digits it misses the rare classes.",
    composition={"loss": "generalized_cross_entropy"},
)
