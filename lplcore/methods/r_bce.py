"""R-BCE (re-balanced binary cross entropy)."""

from lplcore.frame.alias import Alias

R_BCE = Alias(
    name="r_bce",
    title="R-BCE (re-balanced binary cross entropy)",
    description=(
        "R-BCE (re-balanced binary cross entropy).\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3."
    ),
    citation="Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020, Eq. 3-5",
    formula=(
        r"\begin{aligned} & \ell_{ic} = w_{ic} \left(y_{ic} \log(1 + \exp(-u_{ic})) + (1 - y_{ic}) \log(1 + "
        r"\exp(u_{ic}))\right), \\ & w_{ic} = \alpha + \sigma(\beta (r_{ic} - \mu)), \\ & r_{ic} = \frac{1 / "
        r"n_c}{\sum_{j: y_{ij} = 1} 1 / n_j} \end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along."
    ),
    advice=(
        "For long-tailed multi-label data, alone or with NTR, LC or LPL. On scene and yeast, hardly long "
        "tails, it gained no mAP over class-aware sampling alone."
    ),
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="class_balanced",
)
