"""ISDA, then LPL."""

from lplcore.frame.alias import Alias

ISDA_LPL = Alias(
    name="isda_lpl",
    title="ISDA, then LPL",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table I",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u}_j "
        r"= u_j + \frac{\lambda}{2} (w_j - w_y)^{\top} \Sigma_y (w_j - w_y) + \delta_{\mathrm{LPL}, yj} "
        r"\end{aligned}"
    ),
    effect="ISDA treats all classes alike; LPL then raises the loss of the tail and lowers that of the head.",
    advice="To compare with ISDA: on long-tailed digits it is ahead of ISDA, and about where LPL alone is.",
    composition={"loss": "cross_entropy", "perturbations": ["isda", "lpl"]},
    counterpart="lpl",
)
