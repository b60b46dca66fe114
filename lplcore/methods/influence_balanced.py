"""Influence-balanced loss."""

from lplcore.frame.alias import Alias

INFLUENCE_BALANCED = Alias(
    name="influence_balanced",
    title="Influence-balanced loss",
    citation="Park et al., Influence-balanced loss for imbalanced visual classification, ICCV 2021",
    formula=(
        r"\begin{aligned} & \ell = -w \log p_y, \\ & w = \lambda_y \frac{\alpha}{\|p - e_y\|_1 \|f\|_1 + "
        r"\epsilon}, \\ & \lambda_c \propto \frac{1}{n_c} \end{aligned}"
    ),
    effect=(
        "From the start given on, examples that pull hardest on the network lose weight, and the tail gains "
        "weight by its count."
    ),
    advice="Needs features. On long-tailed digits its defaults are not better than cross entropy.",
    composition={"loss": "cross_entropy", "weighting": "influence_balanced"},
    counterpart="reweighting",
)
