"""ResNet-32 for 32x32 images."""

from typing import ClassVar, Literal

from lplcore.models import Classifier
from lplcore.models.cifar_resnet import CifarResNet, CifarResNetModel


class ResNet32(CifarResNetModel):
    """The CIFAR ResNet-32: 0.46 million parameters."""

    title: ClassVar[str] = "ResNet-32"
    citation: ClassVar[str] = "He et al., Deep residual learning for image recognition, CVPR 2016, Section 4.2"

    name: Literal["resnet32"] = "resnet32"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return CifarResNet(self, blocks=5, in_channels=input_shape[0], num_classes=num_classes)
