"""Balanced softmax."""

from lplcore.frame.alias import Alias

BALANCED_SOFTMAX = Alias(
    name="balanced_softmax",
    title="Balanced softmax",
    citation="Ren et al., Balanced meta-softmax for long-tailed visual recognition, NeurIPS 2020",
    formula=r"\ell = -\log \frac{n_y \exp(u_y)}{\sum_{j} n_j \exp(u_j)}",
    effect=(
        "Head logits are raised in training alone, so that the network learns to lower them: at test the tail "
        "gains, and more frequent classes lose a little."
    ),
    advice="Logit adjustment of strength 1, without a parameter; its results are the same.",
    composition={"loss": "cross_entropy", "perturbations": ["balanced_softmax"]},
    counterpart="r_bce_ntr",
)
