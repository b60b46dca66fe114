"""Augmentations: a batch of images at a time, on the device."""

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor

from lplcore.plugin import Plugin


class Augmentation(Plugin):
    """Changes training images, a batch at a time."""

    images_only: ClassVar[bool] = False
    draws: ClassVar[int] = 0
    """How many random numbers an example takes."""

    @abstractmethod
    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Images [N, channels, H, W] before normalisation to the same shape and type.

        All randomness comes from `draws` [N, self.draws], float32 in [0, 1) on the images' device, a row for each image
        (`lplcore.randomness.rows`), so that it depends neither on the device nor on how the epoch is cut into batches.
        """

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        """What does not fit the shape of one example."""
        if self.images_only and len(input_shape) != 3:
            return [f"{self.name!r} needs images, the data set has vectors; use 'none'"]
        return []
