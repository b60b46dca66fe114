"""WRN-16-8."""

from typing import ClassVar, Literal

from lplcore.models import Classifier, Model
from lplcore.models.wide_resnet import WideResNet


class WideResNet16x8(Model):
    """Wide residual network of depth 16 and width 8: 11.0 million parameters."""

    title: ClassVar[str] = "WRN-16-8"
    citation: ClassVar[str] = "Zagoruyko, Komodakis, Wide residual networks, BMVC 2016"
    images_only: ClassVar[bool] = True
    batch_statistics: ClassVar[bool] = True

    name: Literal["wide_resnet_16_8"] = "wide_resnet_16_8"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return WideResNet(self, depth=16, widen=8, in_channels=input_shape[0], num_classes=num_classes)
