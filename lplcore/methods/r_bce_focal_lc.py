"""R-BCE with focal loss and logit compensation."""

from lplcore.frame.alias import Alias

R_BCE_FOCAL_LC = Alias(
    name="r_bce_focal_lc",
    title="R-BCE with focal loss and logit compensation",
    description=(
        "R-BCE with focal loss and logit compensation.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3."
    ),
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE-Focal+LC",
    formula=(
        r"\begin{aligned} & \ell_{ic} = -2 w_{ic} \left(y_{ic} (1 - p_{ic})^{\gamma} \log p_{ic} + (1 - y_{ic}) "
        r"p_{ic}^{\gamma} \log(1 - p_{ic})\right), \\ & p_{ic} = \sigma(\tilde{u}_{ic}), \\ & \tilde{u}_{ic} = "
        r"\begin{cases} s_c^{+} u_{ic} + m_c^{+} & y_{ic} = 1 \\ s_c^{-} u_{ic} + m_c^{-} & y_{ic} = 0 "
        r"\end{cases} \end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along. Each class learns its own scale and shift of positives and of "
        "negatives, and hard entries count more."
    ),
    advice="Compare with R-BCE with focal loss: it raises mAP on scene, and lowers mAP and macro F1 on yeast.",
    multi_label_composition={
        "loss": "focal",
        "perturbations": ["logit_compensation"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="logit_adjustment",
)
