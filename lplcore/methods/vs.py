"""Vector scaling (VS) loss."""

from lplcore.frame.alias import Alias

VS = Alias(
    name="vs",
    title="Vector scaling (VS) loss",
    citation="Kini et al., Label-imbalanced and group-sensitive classification, NeurIPS 2021",
    composition={"loss": "cross_entropy", "perturbations": ["vs"]},
    counterpart="r_bce_ntr",
)
