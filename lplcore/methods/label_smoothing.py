"""Label smoothing."""

from lplcore.frame.alias import Alias

LABEL_SMOOTHING = Alias(
    name="label_smoothing",
    title="Label smoothing",
    citation="Szegedy et al., Rethinking the Inception architecture, CVPR 2016",
    composition={"loss": "cross_entropy", "targets": ["label_smoothing"]},
)
