"""Logit adjustment."""

from lplcore.frame.alias import Alias

LOGIT_ADJUSTMENT = Alias(
    name="logit_adjustment",
    title="Logit adjustment",
    citation="Menon et al., Long-tail learning via logit adjustment, ICLR 2021",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(u_y + \lambda \log \pi_y)}{\sum_{j} \exp(u_j + \lambda \log "
        r"\pi_j)}, \\ & \pi_c = \frac{n_c}{N} \end{aligned}"
    ),
    effect=(
        "Tail logits are lowered against head logits in training alone, which the network learns to make up "
        "for: at test the tail gains, and more frequent classes lose a little."
    ),
    advice=(
        "Try it first on single-label long tails: it is cheap and has one parameter. On long-tailed digits, and on "
        "CIFAR-10-LT after 15 epochs, it is clearly ahead of cross entropy and of LPL alone; on balanced data it is "
        "cross entropy."
    ),
    composition={"loss": "cross_entropy", "perturbations": ["logit_adjustment"]},
    counterpart="r_bce_ntr",
)
