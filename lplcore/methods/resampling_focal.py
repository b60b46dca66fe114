"""Class-aware re-sampling with focal loss."""

from lplcore.frame.alias import Alias

RESAMPLING_FOCAL = Alias(
    name="resampling_focal",
    title="Class-aware re-sampling with focal loss",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, RS-Focal",
    multi_label_composition={
        "loss": "focal",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="focal",
)
