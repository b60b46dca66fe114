"""Class-balanced focal loss."""

from lplcore.frame.alias import Alias

CLASS_BALANCED_FOCAL = Alias(
    name="class_balanced_focal",
    title="Class-balanced focal loss",
    citation="Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019",
    formula=(
        r"\begin{aligned} & \ell = -w_y \sum_{c} (1 - p_c^{t})^{\gamma} \log p_c^{t}, \\ & p_c^{t} = "
        r"\begin{cases} \sigma(u_c) & y_c = 1 \\ 1 - \sigma(u_c) & y_c = 0 \end{cases}, \\ & w_c = \frac{1 - "
        r"\beta}{1 - \beta^{n_c}} \end{aligned}"
    ),
    effect="The tail counts more by its count, and hard examples of any class by their loss.",
    advice=(
        "On long-tailed digits clearly ahead of focal loss and cross entropy. For multi label the default beta "
        "0.9, as published, weighs frequent labels by 0.1, which slows the training and costs mAP on scene and "
        "yeast; beta 0.999 with weights of mean 1 wins it back on scene, in part on yeast."
    ),
    composition={
        "loss": {"name": "focal", "form": "sigmoid"},
        "weighting": "class_balanced",
    },
    multi_label_composition={
        "loss": "focal",
        "weighting": "class_balanced",
    },
)
