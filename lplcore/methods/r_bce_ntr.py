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
    formula=(
        r"\begin{aligned} & \ell_{ic} = w_{ic} \left(y_{ic} \log(1 + \exp(-\tilde{u}_{ic})) + \frac{1 - "
        r"y_{ic}}{\lambda} \log(1 + \exp(\lambda \tilde{u}_{ic}))\right), \\ & \tilde{u}_{ic} = u_{ic} - "
        r"\frac{\kappa}{\lambda} \log\left(\frac{N}{n_c} - 1\right) \end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along. Logits of rare labels are lowered in training, so that negatives "
        "do not suppress them."
    ),
    advice=(
        "Distribution-balanced loss. Set mu and lambda to the data. On scene and yeast mAP is that of R-BCE, "
        "and macro F1 rises on scene."
    ),
    multi_label_composition={
        "loss": {"name": "binary_cross_entropy", "negative_scale": 2.0},
        "perturbations": [{"name": "negative_tolerant", "kappa": 0.05, "negative_scale": 2.0}],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="logit_adjustment",
    shared=frozenset({"negative_scale"}),
)
