"""Class-balanced fine-tuning."""

from lplcore.frame.alias import Alias

CLASS_BALANCED_FINETUNE = Alias(
    name="class_balanced_finetune",
    title="Class-balanced fine-tuning",
    citation="Cui et al., Large scale fine-grained categorization, CVPR 2018",
    composition={
        "loss": "cross_entropy",
        "sampler": "class_aware",
        "procedure": "two_stage",
    },
    counterpart="resampling",
)
