"""Label smoothing."""

from lplcore.frame.alias import Alias

LABEL_SMOOTHING = Alias(
    name="label_smoothing",
    title="Label smoothing",
    citation="Szegedy et al., Rethinking the Inception architecture, CVPR 2016",
    formula=r"\ell = -\sum_{c} \tilde{t}_c \log p_c, \quad \tilde{t} = (1 - a) e_y + \frac{a}{C}",
    effect="Keeps the network from being sure, of head and tail alike.",
    advice="For calibration. On long-tailed digits it does not lower the error.",
    composition={"loss": "cross_entropy", "targets": ["label_smoothing"]},
)
