"""Two-way loss."""

from lplcore.frame.alias import Alias

TWO_WAY = Alias(
    name="two_way",
    title="Two-way loss",
    description=(
        "Two-way loss. Its gradient is of the size of a sum over classes, so that it is clipped to a norm of 1."
    ),
    citation="Kobayashi, Two-way multi-label loss, CVPR 2023",
    multi_label_composition={
        "loss": "two_way",
        "defaults": {"clip_norm": 1.0},
    },
)
