"""Influence-balanced loss."""

from lplcore.frame.alias import Alias

INFLUENCE_BALANCED = Alias(
    name="influence_balanced",
    title="Influence-balanced loss",
    citation="Park et al., Influence-balanced loss for imbalanced visual classification, ICCV 2021",
    composition={"loss": "cross_entropy", "weighting": "influence_balanced"},
    counterpart="reweighting",
)
