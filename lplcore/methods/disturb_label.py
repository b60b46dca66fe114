"""DisturbLabel."""

from lplcore.frame.alias import Alias

DISTURB_LABEL = Alias(
    name="disturb_label",
    title="DisturbLabel",
    citation="Xie et al., DisturbLabel: regularizing CNN on the loss layer, CVPR 2016",
    formula=r"\ell = -\log p_{\tilde{y}}, \quad P(\tilde{y} = c) = (1 - a) [c = y] + \frac{a}{C}",
    effect=(
        "Noise in the labels keeps the network from being sure. Every class is drawn alike, so that of a rare "
        "class's labels many are wrong ones."
    ),
    advice="A regulariser for balanced data; on long-tailed digits worse than cross entropy.",
    composition={"loss": "cross_entropy", "targets": ["disturb_label"]},
)
