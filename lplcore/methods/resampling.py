"""Class-aware re-sampling."""

from lplcore.frame.alias import Alias

RESAMPLING = Alias(
    name="resampling",
    title="Class-aware re-sampling",
    citation="Shen et al., Relay backpropagation, ECCV 2016",
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="class_balanced_finetune",
)
