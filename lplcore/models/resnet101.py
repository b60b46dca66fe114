"""ResNet-101."""

from typing import ClassVar, Literal

from lplcore.models import Classifier
from lplcore.models.torchvision_resnet import TorchvisionResNet, TorchvisionResNetModel


class ResNet101(TorchvisionResNetModel):
    """torchvision's ResNet-101: 44.5 million parameters with 1000 classes."""

    title: ClassVar[str] = "ResNet-101"
    citation: ClassVar[str] = "He et al., Deep residual learning for image recognition, CVPR 2016"

    name: Literal["resnet101"] = "resnet101"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return TorchvisionResNet(self, "resnet101", in_channels=input_shape[0], num_classes=num_classes)
