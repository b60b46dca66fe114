"""ResNet-110."""

from typing import ClassVar, Literal

from lplcore.models import Classifier
from lplcore.models.cifar_resnet import CifarResNet, CifarResNetModel


class ResNet110(CifarResNetModel):
    """The CIFAR ResNet-110: 1.7 million parameters."""

    title: ClassVar[str] = "ResNet-110"
    citation: ClassVar[str] = "He et al., Deep residual learning for image recognition, CVPR 2016, Section 4.2"

    name: Literal["resnet110"] = "resnet110"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return CifarResNet(self, blocks=18, in_channels=input_shape[0], num_classes=num_classes)
