"""R-BCE with logit compensation."""

from lplcore.frame.alias import Alias

R_BCE_LC = Alias(
    name="r_bce_lc",
    title="R-BCE with logit compensation",
    description="R-BCE with logit compensation.\n\nDefaults are those for COCO-MLT, mu 0.2; VOC-MLT takes 0.3.",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, R-BCE+LC",
    formula=(
        r"\begin{aligned} & \ell_{ic} = w_{ic} \left(y_{ic} \log(1 + \exp(-\tilde{u}_{ic})) + (1 - y_{ic}) "
        r"\log(1 + \exp(\tilde{u}_{ic}))\right), \\ & \tilde{u}_{ic} = \begin{cases} s_c^{+} u_{ic} + m_c^{+} & "
        r"y_{ic} = 1 \\ s_c^{-} u_{ic} + m_c^{-} & y_{ic} = 0 \end{cases} \end{aligned}"
    ),
    effect=(
        "Class-aware sampling draws rare labels more often, and the weights take back what it over-draws of "
        "the frequent ones that come along. Each class learns its own scale and shift of positives and of "
        "negatives."
    ),
    advice="Compare with R-BCE: it raises mAP on scene, and lowers mAP and macro F1 on yeast.",
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "perturbations": ["logit_compensation"],
        "weighting": "rebalanced",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="logit_adjustment",
)
