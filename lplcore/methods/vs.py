"""Vector scaling (VS) loss."""

from lplcore.frame.alias import Alias

VS = Alias(
    name="vs",
    title="Vector scaling (VS) loss",
    citation="Kini et al., Label-imbalanced and group-sensitive classification, NeurIPS 2021",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u}_c "
        r"= \frac{u_c}{D_c} + \tau \log \pi_c, \\ & D_c = \left(\frac{n_{\max}}{n_c}\right)^{\gamma} "
        r"\end{aligned}"
    ),
    effect="Tail logits are shrunk and lowered in training alone, which the network learns to make up for.",
    advice=(
        "With gamma 0 it is logit adjustment. Search both parameters: with the defaults it loses to cross "
        "entropy on long-tailed digits."
    ),
    composition={"loss": "cross_entropy", "perturbations": ["vs"]},
    counterpart="r_bce_ntr",
)
