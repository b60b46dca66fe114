"""Generalised cross entropy."""

from lplcore.frame.alias import Alias

GENERALIZED_CROSS_ENTROPY = Alias(
    name="generalized_cross_entropy",
    title="Generalised cross entropy",
    citation="Zhang, Sabuncu, Generalized cross entropy loss, NeurIPS 2018",
    composition={"loss": "generalized_cross_entropy"},
)
