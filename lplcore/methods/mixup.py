"""mixup."""

from lplcore.frame.alias import Alias

MIXUP = Alias(
    name="mixup",
    title="mixup",
    citation="Zhang et al., mixup: beyond empirical risk minimization, ICLR 2018",
    formula=(
        r"\begin{aligned} & \ell = -\sum_{c} \tilde{t}_c \log p_c(\tilde{x}), \\ & \tilde{x} = r x + (1 - r) "
        r"x', \\ & \tilde{t} = r e_y + (1 - r) e_{y'}, \\ & r \sim \mathrm{Beta}(\alpha, \alpha) \end{aligned}"
    ),
    effect=(
        "Smooths the decision between all classes. Pairs are drawn as classes occur, so that the tail is "
        "mostly seen mixed with the head."
    ),
    advice=(
        "A regulariser for networks that overfit; on long-tailed digits with a small network worse than cross "
        "entropy. It does not go with what needs one label per example (LPL, LDAM, ISDA, seesaw, "
        "large_margin)."
    ),
    composition={"loss": "cross_entropy", "targets": ["mixup"]},
)
