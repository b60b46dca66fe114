"""Horizontal flip."""

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
    probability: float = Field(0.5, ge=0, le=1)

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        flipped = draws[:, :, None, None] < self.probability
        return torch.where(flipped, images.flip(3), images)
