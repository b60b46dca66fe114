"""Asymmetric loss."""

from lplcore.frame.alias import Alias

ASYMMETRIC = Alias(
    name="asymmetric",
    title="Asymmetric loss",
    citation="Ridnik et al., Asymmetric loss for multi-label classification, ICCV 2021",
    multi_label_composition={
        "loss": "asymmetric",
    },
    counterpart="focal",
)
