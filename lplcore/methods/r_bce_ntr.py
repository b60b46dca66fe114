"""R-BCE with negative-tolerant regularisation."""

from lplcore.frame.alias import Alias

R_BCE_NTR = Alias(
    name="r_bce_ntr",
    title="R-BCE with negative-tolerant regularisation",
    description=(
        "R-BCE with negative-tolerant regularisation.\n\n"
        "Defaults are those for COCO-MLT, mu 0.2 and lambda (`negative_scale`) 2; VOC-MLT takes 0.3 and 5."
    ),
    citation="Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020, Eq. 8",
    multi_label_composition={
        "loss": {"name": "binary_cross_entropy", "negative_scale": 2.0},
        "perturbations": [{"name": "negative_tolerant", "kappa": 0.05, "negative_scale": 2.0}],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="logit_adjustment",
    shared=frozenset({"negative_scale"}),
)
