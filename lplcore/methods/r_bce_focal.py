"""R-BCE with focal loss."""

from lplcore.frame.alias import Alias

R_BCE_FOCAL = Alias(
    name="r_bce_focal",
    title="R-BCE with focal loss",
    description="R-BCE with focal loss.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020",
    formula=(
        r"\begin{aligned} & \ell_{ic} = -2 w_{ic} \left(y_{ic} (1 - p_{ic})^{\gamma} \log p_{ic} + (1 - y_{ic}) "
        r"p_{ic}^{\gamma} \log(1 - p_{ic})\right), \\ & p_{ic} = \sigma(u_{ic}), \\ & w_{ic} = \alpha + "
        r"\sigma(\beta (r_{ic} - \mu)), \\ & r_{ic} = \frac{1 / n_c}{\sum_{j: y_{ij} = 1} 1 / n_j} "
        r"\end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along. Hard entries count more than easy ones."
    ),
    advice=(
        "For long-tailed multi-label data. On scene and yeast, hardly long tails, it gained no mAP over binary "
        "cross entropy."
    ),
    multi_label_composition={
        "loss": "focal",
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="class_balanced_focal",
)
