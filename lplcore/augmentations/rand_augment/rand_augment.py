"""RandAugment."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.colours import blended, grey
from lplcore.augmentations.rand_augment.geometry import moved
from lplcore.augmentations.rand_augment.operations import Operation, Strength
from lplcore.augmentations.rand_augment.tones import toned
from lplcore.augmentations.selected import drawn_index


class RandAugment(Augmentation):
    """A few operations one after the other, each drawn among fourteen, all of one magnitude.

    torchvision's set and ranges: identity; shear, translation (both along either side) and rotation, to the nearest
    pixel and with black outside; brightness, colour, contrast, sharpness; posterise, solarise, auto-contrast, equalise.
    Those that have a direction take either with probability one half.
    """

    title: ClassVar[str] = "RandAugment"
    citation: ClassVar[str] = "Cubuk et al., RandAugment, NeurIPS 2020, Section 3"
    images_only: ClassVar[bool] = True
    channels: ClassVar[tuple[int, ...] | None] = (1, 3)

    name: Literal["rand_augment"] = "rand_augment"
    num_ops: int = Field(2, ge=1, le=8, description="operations an image")
    magnitude: int = Field(9, ge=0, le=30, description="0: no change, 30: the strongest")

    @property
    def draws(self) -> int:
        """Two an operation: which, and its direction."""
        return 2 * self.num_ops

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        strength = Strength(self.magnitude)
        for column in range(0, self.draws, 2):
            operation = drawn_index(draws[:, column], len(Operation))
            sign = torch.ones_like(draws[:, 0]).masked_fill(draws[:, column + 1] < 0.5, -1.0)
            images = operated(images, operation, sign, strength)
        return images


def operated(images: Tensor, operation: Tensor, sign: Tensor, strength: Strength) -> Tensor:
    """Images [N, channels, H, W] of bytes, each changed by the operation that its place in operation [N] names.

    Every image goes through every kind of operation, all but one of which leave it as it is: shapes do not depend on
    what is drawn.
    """
    images = toned(moved(images, operation, sign, strength), operation, sign, strength)
    levels = images.float()
    is_sharpness = operation == Operation.SHARPNESS
    others = torch.where(is_sharpness[:, None, None, None], blurred(levels), grey(levels))
    inert = ~is_sharpness & (operation != Operation.COLOR)
    factor = (1 + sign * strength.blend).masked_fill(inert, 1.0)
    return blended(levels, others, factor).to(images.dtype)


def blurred(images: Tensor) -> Tensor:
    """Images of whole levels, each pixel within the border the mean of its neighbourhood, itself counted five times."""
    rows = images[:, :, :-2] + images[:, :, 1:-1] + images[:, :, 2:]
    total = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:] + 4 * images[:, :, 1:-1, 1:-1]
    result = images.clone()
    result[:, :, 1:-1, 1:-1] = (total / 13).round()
    return result
