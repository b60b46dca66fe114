"""Seesaw loss."""

from lplcore.frame.alias import Alias

SEESAW = Alias(
    name="seesaw",
    title="Seesaw loss",
    citation="Wang et al., Seesaw loss for long-tailed instance segmentation, CVPR 2021",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(u_y)}{\sum_{j} S_{yj} \exp(u_j)}, \\ & S_{yj} = "
        r"\min\left(1, \frac{N_j}{N_y}\right)^{p} \max\left(1, \frac{\sigma_j}{\sigma_y}\right)^{q}, \\ & "
        r"\sigma = \mathrm{softmax}(u) \end{aligned}"
    ),
    effect=(
        "Examples of the head push tail logits down less; classes that are mistaken for the true one are "
        "pushed down more."
    ),
    advice=(
        "Needs neither a special head nor features. On long-tailed digits ahead of cross entropy, behind logit "
        "adjustment."
    ),
    composition={"loss": "cross_entropy", "perturbations": ["seesaw"]},
    counterpart="r_bce_ntr",
)
