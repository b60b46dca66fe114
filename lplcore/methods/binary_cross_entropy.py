"""Binary cross entropy (ERM)."""

from lplcore.frame.alias import Alias

BINARY_CROSS_ENTROPY = Alias(
    name="binary_cross_entropy",
    title="Binary cross entropy (ERM)",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, ERM",
    multi_label_composition={
        "loss": "binary_cross_entropy",
    },
)
