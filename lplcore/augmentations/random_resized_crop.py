"""Random resized crop."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.augmentations.crop import Crop, centred, placed
from lplcore.augmentations.rectangles import ATTEMPTS, Area, Ratio, first_that_fits


class RandomResizedCrop(Crop):
    """A crop of random area and aspect ratio at a random place.

    The share of the area is uniform in `scale`, the logarithm of width / height in that of `ratio`. Where none of ten
    such crops fits into the image, it is the largest one in the middle whose ratio lies in the range, as torchvision
    has it.
    """

    title: ClassVar[str] = "Random resized crop"
    citation: ClassVar[str] = "Szegedy et al., Going deeper with convolutions, CVPR 2015, Section 6"
    draws: ClassVar[int] = 2 * ATTEMPTS + 2

    name: Literal["random_resized_crop"] = "random_resized_crop"
    scale: Area = Field([0.08, 1.0], description="least and largest share of the image's area")
    ratio: Ratio = Field([3 / 4, 4 / 3], description="least and largest width / height")

    def boxes(self, sizes: Tensor, draws: Tensor) -> Tensor:
        width, height = sizes.float().unbind(dim=1)
        tried = first_that_fits(
            width * height, draws[:, : 2 * ATTEMPTS], (width, height), scale=self.scale, ratio=self.ratio
        )
        # A side that rounds to nothing does not fit either.
        fits = (tried.fits & (tried.first > 0) & (tried.second > 0))[:, None]
        boxes = placed(tried.first, tried.second, sizes, draws[:, 2 * ATTEMPTS :])
        return torch.where(fits, boxes, self._middle(width, height, sizes))

    def _middle(self, width: Tensor, height: Tensor, sizes: Tensor) -> Tensor:
        """The largest crops in the middle whose ratio lies in the range."""
        low, high = self.ratio
        ratio = width / height
        narrowed = torch.where(ratio > high, (height * high).round(), width).clamp(min=1)
        lowered = torch.where(ratio < low, (width / low).round(), height).clamp(min=1)
        return centred(narrowed, lowered, sizes)
