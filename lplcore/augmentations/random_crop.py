"""Random crop of at least a share of each side."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.augmentations.crop import Crop


class RandomCrop(Crop):
    """A crop whose width and height are drawn apart, each uniform between a share of the image's and all of it.

    Of an image W x H: w = W (s + (1 - s) u1), h = H (s + (1 - s) u2), left = (W - w) u3, top = (H - h) u4, real numbers
    with u uniform in [0, 1). The box goes from (floor(left), floor(top)) to (floor(left + w), floor(top + h)), as the
    source's code has it; that also draws anew where h / w is not between 1/2 and 2.
    """

    title: ClassVar[str] = "Random crop"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss, ECCV 2020, released code"
    draws: ClassVar[int] = 4

    name: Literal["random_crop"] = "random_crop"
    share: float = Field(0.8, gt=0, le=1, description="s, least share of each side")

    def boxes(self, sizes: Tensor, draws: Tensor) -> Tensor:
        whole = sizes.float()
        wanted = whole * (self.share + (1 - self.share) * draws[:, :2])
        start = (whole - wanted) * draws[:, 2:]
        first = start.floor().minimum(whole - 1)
        last = (start + wanted).floor().maximum(first + 1).minimum(whole)
        return torch.cat([first, last], dim=1).long()
