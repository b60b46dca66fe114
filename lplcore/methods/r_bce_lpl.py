"""R-BCE with LPL."""

from lplcore.frame.alias import Alias

R_BCE_LPL = Alias(
    name="r_bce_lpl",
    title="R-BCE with LPL",
    description="R-BCE with LPL.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE+LPL",
    formula=(
        r"\begin{aligned} & \ell_{ic} = w_{ic} \left(y_{ic} \log(1 + \exp(-\tilde{u}_{ic})) + (1 - y_{ic}) "
        r"\log(1 + \exp(\tilde{u}_{ic}))\right), \\ & \tilde{u}_{ic} = u_{ic} - s_c \epsilon_c \end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along. Logits of tail labels are lowered and those of head labels raised "
        "by a constant within LPL's bounds."
    ),
    advice=(
        "The last layer's bias can take the constant back: on scene and yeast mAP is that of R-BCE. Keep "
        "bounds small: wide ones cost macro F1."
    ),
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "perturbations": ["lpl"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="lpl",
)
