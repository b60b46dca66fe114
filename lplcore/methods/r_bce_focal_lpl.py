"""R-BCE with focal loss and LPL."""

from lplcore.frame.alias import Alias

R_BCE_FOCAL_LPL = Alias(
    name="r_bce_focal_lpl",
    title="R-BCE with focal loss and LPL",
    description="R-BCE with focal loss and LPL.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE-Focal+LPL",
    formula=(
        r"\begin{aligned} & \ell_{ic} = -2 w_{ic} \left(y_{ic} (1 - p_{ic})^{\gamma} \log p_{ic} + (1 - y_{ic}) "
        r"p_{ic}^{\gamma} \log(1 - p_{ic})\right), \\ & p_{ic} = \sigma(\tilde{u}_{ic}), \\ & \tilde{u}_{ic} = "
        r"u_{ic} - s_c \epsilon_c \end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along. Logits of tail labels are lowered and those of head labels raised "
        "by a constant within LPL's bounds; hard entries count more."
    ),
    advice=(
        "The paper's best row on VOC-MLT and COCO-MLT. On scene and yeast mAP is that of R-BCE with focal "
        "loss, and macro F1 is lower."
    ),
    multi_label_composition={
        "loss": "focal",
        "perturbations": ["lpl"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="lpl",
)
