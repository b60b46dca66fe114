"""Cross entropy."""

from lplcore.frame.alias import Alias

CROSS_ENTROPY = Alias(
    name="cross_entropy",
    title="Cross entropy",
    citation="Class-Level Logit Perturbation, Section III-A",
    formula=r"\ell = -\log p_y, \quad p_c = \frac{\exp(u_c)}{\sum_{j} \exp(u_j)}",
    effect=(
        "Every example counts alike, so classes count as often as they occur: the head is favoured, the tail is missed."
    ),
    advice="The base line to compare with; enough where classes are about equally frequent.",
    composition={"loss": "cross_entropy", "perturbations": []},
)
