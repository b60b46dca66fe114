"""OLTR."""

from lplcore.frame.alias import Alias

OLTR = Alias(
    name="oltr",
    title="OLTR",
    citation="Liu et al., Large-scale long-tailed recognition in an open world, CVPR 2019",
    composition={
        "loss": "cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 4},
        "procedure": "oltr",
    },
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 4},
        "procedure": "oltr",
    },
)
