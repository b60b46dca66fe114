"""Crops: which part of an image is seen, and the cut itself for images in memory. N images."""

from abc import abstractmethod
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.none import NoAugmentation


class Crop(Augmentation):
    """Takes a part of the image, resized to the size that the network sees.

    Image files are cut as soon as they are decoded, each from its own size. Images in memory, all of one size, are cut
    on the device and keep that size.
    """

    images_only: ClassVar[bool] = True

    @abstractmethod
    def boxes(self, sizes: Tensor, draws: Tensor) -> Tensor:
        """Sizes [N, 2] int64 (width, height) to boxes [N, 4] int64 (left, top, right, bottom).

        A box lies within its image and has at least one pixel. `draws` are as in `apply`.
        """

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        number, _, height, width = images.shape
        sizes = torch.full((number, 2), width, dtype=torch.int64, device=images.device)
        sizes[:, 1].fill_(height)
        return cut(images, self.boxes(sizes, draws))

    @property
    def crop(self) -> "Crop":
        """This one."""
        return self

    @property
    def after_crop(self) -> Augmentation:
        """Nothing."""
        return NoAugmentation()


def placed(width: Tensor, height: Tensor, sizes: Tensor, draws: Tensor) -> Tensor:
    """[N, 4] boxes of this width and height [N] within images [N, 2], anywhere with the same probability.

    Args:
        width: whole numbers, float32.
        height: the same.
        sizes: width and height of the images.
        draws: [N, 2], of left and top.
    """
    left = (draws[:, 0] * (sizes[:, 0] - width + 1)).floor()
    top = (draws[:, 1] * (sizes[:, 1] - height + 1)).floor()
    return torch.stack([left, top, left + width, top + height], dim=1).long()


def centred(width: Tensor, height: Tensor, sizes: Tensor) -> Tensor:
    """[N, 4] boxes of this width and height [N], whole numbers, in the middle of images [N, 2]."""
    left = ((sizes[:, 0] - width) / 2).floor()
    top = ((sizes[:, 1] - height) / 2).floor()
    return torch.stack([left, top, left + width, top + height], dim=1).long()


class Places(NamedTuple):
    """Where the pixels of one axis come from: between two, each [N, pixels]."""

    first: Tensor
    second: Tensor
    share: Tensor
    """Of the second."""


def cut(images: Tensor, boxes: Tensor) -> Tensor:
    """Images [N, channels, H, W] of bytes, the part in each one's box resized to H x W.

    Bilinear: a box is never larger than the image, so that nothing is averaged away.
    """
    height, width = images.shape[2:]
    rows, columns = places(boxes[:, 1], boxes[:, 3], height), places(boxes[:, 0], boxes[:, 2], width)
    cut_rows = between(images, Places(*(part[:, None, :, None] for part in rows)), dim=2)
    return between(cut_rows, Places(*(part[:, None, None, :] for part in columns)), dim=3).round().to(images.dtype)


def places(start: Tensor, stop: Tensor, pixels: int) -> Places:
    """Places of so many pixels' centres, spread evenly from start to stop [N]."""
    size = (stop - start).float()[:, None]
    centres = torch.arange(pixels, dtype=torch.float32, device=start.device) + 0.5
    place = (centres * (size / pixels) - 0.5).clamp(min=0).minimum(size - 1)
    before = place.floor()
    first = start[:, None] + before.long()
    return Places(first, (first + 1).minimum(stop[:, None] - 1), place - before)


def between(images: Tensor, chosen: Places, *, dim: int) -> Tensor:
    """Images with the pixels of one dimension taken from places that broadcast, as float32."""
    shape = list(images.shape)
    first, second = (images.gather(dim, index.expand(shape)).float() for index in chosen[:2])
    return first + (second - first) * chosen.share
