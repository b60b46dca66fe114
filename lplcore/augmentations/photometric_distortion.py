"""Photometric distortion."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import AfterValidator, Field
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.colours import per_image, rotated_hue
from lplcore.augmentations.rectangles import in_order
from lplcore.augmentations.selected import drawn_index

Factors = Annotated[
    list[Annotated[float, Field(ge=0, le=10)]], Field(min_length=2, max_length=2), AfterValidator(in_order)
]


class PhotometricDistortion(Augmentation):
    """Brightness, contrast, saturation, hue and the order of the channels, each changed with probability one half.

    A level is added to all pixels, all are multiplied by a factor either then or at the end (each with probability one
    half), saturation in HSV is multiplied by a factor, the hue turned, and the channels permuted at random. Levels
    are not rounded or clipped until the end.
    """

    title: ClassVar[str] = "Photometric distortion"
    citation: ClassVar[str] = (
        "Liu et al., SSD, ECCV 2016; as in the code of Wu et al., ECCV 2020 (distribution-balanced)"
    )
    images_only: ClassVar[bool] = True
    channels: ClassVar[tuple[int, ...] | None] = (3,)
    draws: ClassVar[int] = 6

    name: Literal["photometric_distortion"] = "photometric_distortion"
    brightness: float = Field(32.0, ge=0, le=255, description="largest change, in grey levels")
    contrast: Factors = Field([0.5, 1.5], description="least and largest factor")
    saturation: Factors = Field([0.5, 1.5], description="least and largest factor")
    hue: float = Field(18.0, ge=0, le=180, description="largest turn, in degrees")
    swap_channels: bool = Field(True, description="whether channels are permuted, with probability one half")

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        brightness, contrast, saturation, hue, order, swap = draws.unbind(dim=1)
        changed = images.float() + per_image(half(brightness, -self.brightness, self.brightness, otherwise=0.0))
        factor, at_once = half(contrast, *self.contrast, otherwise=1.0), order < 0.5
        changed = changed * per_image(factor.masked_fill(~at_once, 1.0))
        turn = half(hue, -self.hue / 360, self.hue / 360, otherwise=0.0)
        changed = rotated_hue(changed, turn, half(saturation, *self.saturation, otherwise=1.0))
        changed = changed * per_image(factor.masked_fill(at_once, 1.0))
        if self.swap_channels:
            changed = permuted(changed, drawn_index((2 * swap - 1).clamp(min=0), 6))
        return changed.round().clamp(0, 255).to(torch.uint8)


def half(draws: Tensor, low: float, high: float, *, otherwise: float) -> Tensor:
    """[N] uniform between low and high with probability one half."""
    return (low + (high - low) * (2 * draws - 1)).masked_fill(draws < 0.5, otherwise)


def permuted(images: Tensor, index: Tensor) -> Tensor:
    """Images of three channels, these in the permutation with that index [N], 0 to 5; 0 leaves them."""
    first = index // 2
    odd = index % 2
    order = torch.stack([first, (first + 1 + odd) % 3, (first + 2 - odd) % 3], dim=1)
    return images.gather(1, order[:, :, None, None].expand_as(images))
