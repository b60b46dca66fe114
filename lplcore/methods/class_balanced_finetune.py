"""Class-balanced fine-tuning."""

from lplcore.frame.alias import Alias

CLASS_BALANCED_FINETUNE = Alias(
    name="class_balanced_finetune",
    title="Class-balanced fine-tuning",
    citation="Cui et al., Large scale fine-grained categorization, CVPR 2018",
    formula=r"\ell = -\log p_y, \quad P(c) = \begin{cases} n_c / N & t < t_0 \\ 1 / C & t \ge t_0 \end{cases}",
    effect="Features are learned from the data as they are; then classes are drawn alike, which raises the tail.",
    advice=(
        "On long-tailed digits it gains little when stage 2 begins at 80 % of the training; begin earlier. "
        "There it is behind class-balanced weights."
    ),
    composition={
        "loss": "cross_entropy",
        "sampler": "class_aware",
        "procedure": "two_stage",
    },
    counterpart="resampling",
)
