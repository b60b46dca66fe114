"""Random erasing."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.crop import placed
from lplcore.augmentations.rectangles import ATTEMPTS, Area, Ratio, first_that_fits


class RandomErasing(Augmentation):
    """With a probability, a rectangle of random area and aspect ratio becomes one grey level.

    The share of the area is uniform in `scale`, the logarithm of height / width in that of `ratio`. Where none of ten
    such rectangles is smaller than the image, as torchvision asks, nothing is erased. Images are bytes here, not yet
    normalised: give the level that the mean has, to erase by the mean.
    """

    title: ClassVar[str] = "Random erasing"
    citation: ClassVar[str] = "Zhong et al., Random erasing data augmentation, AAAI 2020, Algorithm 1"
    images_only: ClassVar[bool] = True
    draws: ClassVar[int] = 2 * ATTEMPTS + 3

    name: Literal["random_erasing"] = "random_erasing"
    probability: float = Field(0.5, ge=0, le=1, description="probability that something of an image is erased")
    scale: Area = Field([0.02, 0.33], description="least and largest share of the image's area")
    ratio: Ratio = Field([0.3, 3.3], description="least and largest height / width")
    value: int = Field(0, ge=0, le=255, description="grey level of what is erased")

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        number, _, height, width = images.shape
        sizes = torch.full((number, 2), width, dtype=torch.int64, device=images.device)
        sizes[:, 1].fill_(height)
        most = ((sizes[:, 1] - 1).float(), (sizes[:, 0] - 1).float())
        high, wide, fits = first_that_fits(
            sizes[:, 0] * sizes[:, 1], draws[:, 3:], most, scale=self.scale, ratio=self.ratio
        )
        left, top, right, bottom = placed(wide, high, sizes, draws[:, 1:3])[:, :, None].unbind(dim=1)
        rows = torch.arange(height, device=images.device)
        columns = torch.arange(width, device=images.device)
        across = ((columns >= left) & (columns < right))[:, None, None, :]
        erased = ((rows >= top) & (rows < bottom))[:, None, :, None] & across
        happens = fits & (draws[:, 0] < self.probability)
        return images.masked_fill(erased & happens[:, None, None, None], self.value)
