"""DisturbLabel."""

from lplcore.frame.alias import Alias

DISTURB_LABEL = Alias(
    name="disturb_label",
    title="DisturbLabel",
    citation="Xie et al., DisturbLabel: regularizing CNN on the loss layer, CVPR 2016",
    composition={"loss": "cross_entropy", "targets": ["disturb_label"]},
)
