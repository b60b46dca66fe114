"""Binary cross entropy (ERM)."""

from lplcore.frame.alias import Alias

BINARY_CROSS_ENTROPY = Alias(
    name="binary_cross_entropy",
    title="Binary cross entropy (ERM)",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, ERM",
    formula=r"\ell_c = y_c \log(1 + \exp(-u_c)) + (1 - y_c) \log(1 + \exp(u_c))",
    effect="Every entry counts alike: of a rare label the many negatives outweigh the few positives.",
    advice="The base line to compare with on multi-label data. On scene and yeast few methods have a higher mAP.",
    multi_label_composition={
        "loss": "binary_cross_entropy",
    },
)
