"""Large-margin softmax."""

from lplcore.frame.alias import Alias

LARGE_MARGIN = Alias(
    name="large_margin",
    title="Large-margin softmax",
    citation="Liu et al., Large-margin softmax loss for convolutional neural networks, ICML 2016",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u}_y "
        r"= u_y + \frac{\|w_y\| \|f\| (\psi(\theta_y) - \cos \theta_y)}{1 + \lambda}, \\ & \psi(\theta) = "
        r"(-1)^{k} \cos(m \theta) - 2 k \end{aligned}"
    ),
    effect="The angle to the true class's weights must be m times smaller, for head and tail alike.",
    advice=(
        "Not made for long tails: on long-tailed digits behind cross entropy. Raise annealing_min where "
        "training diverges."
    ),
    composition={"loss": "cross_entropy", "perturbations": ["large_margin"]},
    counterpart="ldam",
)
