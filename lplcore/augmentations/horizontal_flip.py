"""Horizontal flip."""

from math import prod
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.augmentations import Augmentation


class HorizontalFlip(Augmentation):
    """Left and right are exchanged with a probability."""

    title: ClassVar[str] = "Horizontal flip"
    citation: ClassVar[str] = "Krizhevsky et al., NeurIPS 2012, Section 4.1"
    images_only: ClassVar[bool] = True
    draws: ClassVar[int] = 1

    name: Literal["horizontal_flip"] = "horizontal_flip"
    probability: float = Field(0.5, ge=0, le=1, description="probability that an image is mirrored")

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        flipped = draws[:, :, None, None] < self.probability
        return either(flipped, images.flip(3), images)


def either(first: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """Images [N, channels, H, W] of bytes, each from one batch or the other by [N, 1, 1, 1] bool.

    Eight bytes are chosen at a time where they lie together: torch.where takes a byte at a time, which is half the time
    of reading an image from a cache.
    """
    bytes_of = [images.permute(0, 2, 3, 1) for images in (one, other)]
    number, *shape = bytes_of[0].shape
    if not number or prod(shape) % 8 or not all(images.is_contiguous() for images in bytes_of):
        return torch.where(first, one, other)
    one_words, other_words = (images.view(number, -1).view(torch.int64) for images in bytes_of)
    chosen = torch.where(first.view(number, 1), one_words, other_words)
    return chosen.view(torch.uint8).view(number, *shape).permute(0, 3, 1, 2)
