"""ISDA."""

from lplcore.frame.alias import Alias

ISDA = Alias(
    name="isda",
    title="ISDA",
    citation="Wang et al., Implicit semantic data augmentation for deep networks, NeurIPS 2019",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u}_j "
        r"= u_j + \frac{\lambda}{2} (w_j - w_y)^{\top} \Sigma_y (w_j - w_y) \end{aligned}"
    ),
    effect=(
        "As if every example were seen in endless variations drawn from its class's feature covariance. Head "
        "and tail are treated alike, though a rare class's covariance is known from few examples."
    ),
    advice=(
        "For networks with deep features; the full covariance takes C D^2 numbers. On long-tailed digits only "
        "a little ahead of cross entropy."
    ),
    composition={"loss": "cross_entropy", "perturbations": ["isda"]},
)
