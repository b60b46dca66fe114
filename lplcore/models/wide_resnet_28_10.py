"""WRN-28-10."""

from typing import ClassVar, Literal

from lplcore.models import Classifier, Model
from lplcore.models.wide_resnet import WideResNet


class WideResNet28x10(Model):
    """Wide residual network of depth 28 and width 10: 36.5 million parameters."""

    title: ClassVar[str] = "WRN-28-10"
    citation: ClassVar[str] = "Zagoruyko, Komodakis, Wide residual networks, BMVC 2016"
    images_only: ClassVar[bool] = True
    batch_statistics: ClassVar[bool] = True

    name: Literal["wide_resnet_28_10"] = "wide_resnet_28_10"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return WideResNet(self, depth=28, widen=10, in_channels=input_shape[0], num_classes=num_classes)
