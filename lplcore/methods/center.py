"""Center loss."""

from lplcore.frame.alias import Alias

CENTER = Alias(
    name="center",
    title="Center loss",
    citation="Wen et al., A discriminative feature learning approach, ECCV 2016",
    formula=r"\ell = -\log p_y + \lambda \|f - \mu_y\|_2^2",
    effect=(
        "Draws the features of a class together, head and tail alike; a rare class's centre is known from few examples."
    ),
    advice="A small gain over cross entropy on long-tailed digits, far behind logit adjustment.",
    composition={"loss": "cross_entropy", "regularizers": ["center"]},
)
