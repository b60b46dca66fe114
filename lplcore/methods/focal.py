"""Focal loss."""

from lplcore.frame.alias import Alias

FOCAL = Alias(
    name="focal",
    title="Focal loss",
    citation="Lin et al., Focal loss for dense object detection, ICCV 2017",
    composition={"loss": "focal"},
    multi_label_composition={"loss": "focal"},
)
