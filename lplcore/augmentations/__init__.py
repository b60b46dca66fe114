"""Augmentations: a batch of images at a time, on the device."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from lplcore.plugin import Plugin


class Augmentation(Plugin):
    """An augmentation."""

    images_only: ClassVar[bool] = False

    @abstractmethod
    def apply(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Images [N, channels, H, W] before normalisation to the same shape and type.

        All randomness comes from the (CPU) generator, so that it does not depend on the device.
        """

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        """What does not fit the shape of one example."""
        if self.images_only and len(input_shape) != 3:
            return [f"{self.name!r} needs images, the data set has vectors; use 'none'"]
        return []
