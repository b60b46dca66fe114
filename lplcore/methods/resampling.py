"""Class-aware re-sampling."""

from lplcore.frame.alias import Alias

RESAMPLING = Alias(
    name="resampling",
    title="Class-aware re-sampling",
    citation="Shen et al., Relay backpropagation, ECCV 2016",
    formula=(
        r"\begin{aligned} & \ell_c = y_c \log(1 + \exp(-u_c)) + (1 - y_c) \log(1 + \exp(u_c)), \\ & P(c) = "
        r"\frac{1}{C}, \\ & P(i \mid c) = \frac{1}{n_c} \end{aligned}"
    ),
    effect=(
        "Labels are drawn equally often: images with rare labels are repeated, and frequent labels that come "
        "along are over-drawn too."
    ),
    advice=(
        "A base line for multi-label data, and what R-BCE stands on. mAP is as that of binary cross entropy on "
        "scene and lower on yeast, where macro F1 rises."
    ),
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    },
    counterpart="class_balanced_finetune",
)
