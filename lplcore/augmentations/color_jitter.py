"""Colour jitter."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.colours import brightened, contrasted, rotated_hue, saturated

WHOLE = 255.999 / 255
"""Takes levels to whole ones as torchvision does with hues: black and white stay what they are."""


class ColorJitter(Augmentation):
    """Brightness, contrast, saturation and hue, each changed at random, always in this order.

    A factor is uniform between 1 - x (at least 0) and 1 + x, the hue is turned by a share of the circle uniform between
    -x and x. torchvision draws the order of the four for every image.
    """

    title: ClassVar[str] = "Colour jitter"
    citation: ClassVar[str] = "Howard, Some improvements on deep CNN based image classification, 2013, Section 2"
    images_only: ClassVar[bool] = True
    channels: ClassVar[tuple[int, ...] | None] = (1, 3)
    draws: ClassVar[int] = 4

    name: Literal["color_jitter"] = "color_jitter"
    brightness: float = Field(
        0.4, ge=0, le=10, description="x: brightness times a factor from 1 - x to 1 + x; 0 for none"
    )
    contrast: float = Field(0.4, ge=0, le=10, description="x: contrast times a factor from 1 - x to 1 + x; 0 for none")
    saturation: float = Field(
        0.4, ge=0, le=10, description="x: saturation times a factor from 1 - x to 1 + x; 0 for none"
    )
    hue: float = Field(0.0, ge=0, le=0.5, description="share of the circle of hues")

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        changed = images.float()
        parts = ((self.brightness, brightened), (self.contrast, contrasted), (self.saturation, saturated))
        for column, (width, change) in enumerate(parts):
            if width:
                low = max(0.0, 1 - width)
                changed = change(changed, low + (1 + width - low) * draws[:, column])
        if self.hue:
            turned = rotated_hue(changed, self.hue * (2 * draws[:, 3] - 1))
            changed = (turned * WHOLE).floor()
        return changed.clamp(0, 255).to(torch.uint8)

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        problems = super().check(input_shape)
        if not problems and input_shape[0] == 1 and (self.saturation or self.hue):
            problems.append("'color_jitter' of grey images has no colours to change; set saturation and hue to 0")
        return problems
