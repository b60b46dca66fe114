"""The centre of the image."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from lplcore.augmentations.crop import Crop, centred


class ResizeCenterCrop(Crop):
    """The central square of the image whose short side was resized: with 0.875, 224 of 256 pixels."""

    title: ClassVar[str] = "Resize, centre crop"
    citation: ClassVar[str] = "He et al., CVPR 2016, Section 3.4 (the central view of the test images)"

    name: Literal["resize_center_crop"] = "resize_center_crop"
    share: float = Field(0.875, gt=0, le=1, description="side of the crop / short side of the image")

    def boxes(self, sizes: Tensor, draws: Tensor) -> Tensor:
        side = (sizes.amin(dim=1).float() * self.share).round().clamp(min=1)
        return centred(side, side, sizes)
