"""Two-way loss."""

from lplcore.frame.alias import Alias

TWO_WAY = Alias(
    name="two_way",
    title="Two-way loss",
    description=(
        "Two-way loss. Its gradient is of the size of a sum over classes, so that it is clipped to a norm of 1."
    ),
    citation="Kobayashi, Two-way multi-label loss, CVPR 2023",
    formula=(
        r"\ell = \log\left(1 + \exp\left(T_{-} \log \sum_{c: y_c = 0} \exp\left(\frac{u_c}{T_{-}}\right) + "
        r"T_{+} \log \sum_{c: y_c = 1} \exp\left(-\frac{u_c}{T_{+}}\right)\right)\right)"
    ),
    effect=(
        "Pushes every positive above every negative, within each example and, by the same formula over the "
        "batch, within each class. A class's term counts alike whether it is rare or frequent."
    ),
    advice=(
        "Its gradient is clipped to a norm of 1, without which it can end the training. mAP is below that of "
        "binary cross entropy on scene and yeast; macro F1 is above it on yeast."
    ),
    multi_label_composition={
        "loss": "two_way",
        "defaults": {"clip_norm": 1.0},
    },
)
