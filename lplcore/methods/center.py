"""Center loss."""

from lplcore.frame.alias import Alias

CENTER = Alias(
    name="center",
    title="Center loss",
    citation="Wen et al., A discriminative feature learning approach, ECCV 2016",
    composition={"loss": "cross_entropy", "regularizers": ["center"]},
)
