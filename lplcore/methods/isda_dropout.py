"""ISDA with dropout."""

from lplcore.frame.alias import Alias

ISDA_DROPOUT = Alias(
    name="isda_dropout",
    title="ISDA with dropout",
    citation="Wang et al., Implicit semantic data augmentation, NeurIPS 2019, Table 2",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u}_j "
        r"= u_j + \frac{\lambda}{2} (w_j - w_y)^{\top} \Sigma_y (w_j - w_y), \\ & f \; \mathrm{with \; dropout} "
        r"\; 0.3 \end{aligned}"
    ),
    effect="Varied features as by ISDA, and parts of them left out at random, for head and tail alike.",
    advice=(
        "A row of the paper's tables for balanced data. On long-tailed digits with a small network worse than "
        "ISDA and than cross entropy."
    ),
    composition={
        "loss": "cross_entropy",
        "perturbations": ["isda"],
        "defaults": {"dropout": 0.3},
    },
)
