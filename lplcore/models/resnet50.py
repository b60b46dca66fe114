"""ResNet-50."""

from typing import ClassVar, Literal

from lplcore.models import Classifier
from lplcore.models.torchvision_resnet import TorchvisionResNet, TorchvisionResNetModel


class ResNet50(TorchvisionResNetModel):
    """torchvision's ResNet-50: 25.6 million parameters with 1000 classes."""

    title: ClassVar[str] = "ResNet-50"
    citation: ClassVar[str] = "He et al., Deep residual learning for image recognition, CVPR 2016"

    name: Literal["resnet50"] = "resnet50"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return TorchvisionResNet(self, "resnet50", in_channels=input_shape[0], num_classes=num_classes)
