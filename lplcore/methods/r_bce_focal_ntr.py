"""R-BCE with focal loss and negative-tolerant regularisation (DB-focal)."""

from lplcore.frame.alias import Alias

R_BCE_FOCAL_NTR = Alias(
    name="r_bce_focal_ntr",
    title="R-BCE with focal loss and negative-tolerant regularisation (DB-focal)",
    description=(
        "R-BCE with focal loss and negative-tolerant regularisation (DB-focal).\n\n"
        "Defaults are those for COCO-MLT, mu 0.2 and lambda (`negative_scale`) 2; VOC-MLT takes 0.3 and 5."
    ),
    citation="Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020",
    formula=(
        r"\begin{aligned} & \ell_{ic} = -2 w_{ic} \left(y_{ic} (1 - p_{ic})^{\gamma} \log p_{ic} + \frac{1 - "
        r"y_{ic}}{\lambda} \bar{p}_{ic}^{\gamma} \log(1 - \bar{p}_{ic})\right), \\ & p = \sigma(\tilde{u}), \\ "
        r"& \bar{p} = \sigma(\lambda \tilde{u}), \\ & \tilde{u}_{ic} = u_{ic} - \frac{\kappa}{\lambda} "
        r"\log\left(\frac{N}{n_c} - 1\right) \end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along. Logits of rare labels are lowered in training, and hard entries "
        "count more."
    ),
    advice=(
        "Distribution-balanced loss with focal loss (DB-focal). On scene and yeast macro F1 is above that of "
        "R-BCE with focal loss, mAP is not."
    ),
    multi_label_composition={
        "loss": {"name": "focal", "negative_scale": 2.0},
        "perturbations": [{"name": "negative_tolerant", "kappa": 0.05, "negative_scale": 2.0}],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="logit_adjustment",
    shared=frozenset({"negative_scale"}),
)
