"""Flips upside down."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from lplcore.augmentations import Augmentation


class NewAugmentation(Augmentation):
    """A vertical flip with probability one half."""

    title: ClassVar[str] = "New augmentation"
    images_only: ClassVar[bool] = True
    draws: ClassVar[int] = 1

    name: Literal["new_augmentation"] = "new_augmentation"

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        return torch.where((draws < 0.5)[:, :, None, None], images.flip(2), images)
