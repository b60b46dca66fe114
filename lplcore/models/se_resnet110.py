"""SE-ResNet-110."""

from typing import ClassVar, Literal

from pydantic import Field

from lplcore.models import Classifier
from lplcore.models.cifar_resnet import CifarResNet, CifarResNetModel, SqueezeExcitation


class SeResNet110(CifarResNetModel):
    """The CIFAR ResNet-110 with squeeze-and-excitation (reduction 16) in every block: 1.7 million parameters."""

    title: ClassVar[str] = "SE-ResNet-110"
    citation: ClassVar[str] = "Hu et al., Squeeze-and-excitation networks, CVPR 2018"

    name: Literal["se_resnet110"] = "se_resnet110"
    se_bias: bool = Field(True, description="biases in squeeze-and-excitation; ISDA's official code has none")

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return CifarResNet(self, blocks=18, in_channels=input_shape[0], num_classes=num_classes, scale=self._scale)

    def _scale(self, channels: int) -> SqueezeExcitation:
        return SqueezeExcitation(channels, reduction=16, bias=self.se_bias)
