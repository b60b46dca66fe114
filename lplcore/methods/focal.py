"""Focal loss."""

from lplcore.frame.alias import Alias

FOCAL = Alias(
    name="focal",
    title="Focal loss",
    citation="Lin et al., Focal loss for dense object detection, ICCV 2017",
    formula=r"\ell = -(1 - p_y)^{\gamma} \log p_y",
    effect=(
        "Examples that are classified well, mostly of the head, lose weight; hard ones, often of the tail, "
        "keep it. Class counts play no part."
    ),
    advice=(
        "A mild remedy that needs no counts. On long-tailed digits it is a little ahead of cross entropy and "
        "far behind logit adjustment; on yeast mAP and macro F1 are a little above those of binary cross "
        "entropy."
    ),
    composition={"loss": "focal"},
    multi_label_composition={"loss": "focal"},
)
