"""SE-ResNet-110."""

from typing import ClassVar, Literal

from lplcore.models import Classifier, Model
from lplcore.models.cifar_resnet import CifarResNet


class SeResNet110(Model):
    """The CIFAR ResNet-110 with squeeze-and-excitation (reduction 16) in every block: 1.7 million parameters."""

    title: ClassVar[str] = "SE-ResNet-110"
    citation: ClassVar[str] = "Hu et al., Squeeze-and-excitation networks, CVPR 2018"
    images_only: ClassVar[bool] = True
    batch_statistics: ClassVar[bool] = True

    name: Literal["se_resnet110"] = "se_resnet110"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return CifarResNet(self, blocks=18, in_channels=input_shape[0], num_classes=num_classes, reduction=16)
