"""Zero padding, random crop and horizontal flip."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from lplcore.augmentations import Augmentation


class PadCropFlip(Augmentation):
    """The standard CIFAR augmentation: pad, crop at a random place, flip with probability one half."""

    title: ClassVar[str] = "Pad, crop, flip"
    citation: ClassVar[str] = "He et al., CVPR 2016, Section 4.2"
    images_only: ClassVar[bool] = True
    draws: ClassVar[int] = 3

    name: Literal["pad_crop_flip"] = "pad_crop_flip"
    padding: int = Field(4, ge=0, le=64, description="pixels on each side")
    padding_mode: Literal["zero", "reflect"] = Field(
        "zero", description="what the margin holds: zeros or the mirrored image"
    )

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        number, _, height, width = images.shape
        shifts = (draws[:, :2] * (2 * self.padding + 1)).long().T
        flips = draws[:, 2] < 0.5
        padded = self._pad(images)
        rows = shifts[0, :, None] + torch.arange(height, device=images.device)
        columns = torch.arange(width, device=images.device).expand(number, width)
        columns = torch.where(flips[:, None], width - 1 - columns, columns) + shifts[1, :, None]
        examples = torch.arange(number, device=images.device)
        # Advanced indices around a slice put the channel last: [N, H, W, channels], which is channels_last in memory.
        return padded[examples[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        problems = super().check(input_shape)
        if not problems and self.padding_mode == "reflect" and self.padding >= min(input_shape[1:]):
            problems.append(f"reflecting {self.padding} pixels needs images larger than that; lower padding")
        return problems

    def _pad(self, images: Tensor) -> Tensor:
        if self.padding_mode == "zero":
            return functional.pad(images, (self.padding,) * 4)
        # torch reflects only floating point numbers; float32 holds every uint8.
        return functional.pad(images.float(), (self.padding,) * 4, mode="reflect").to(images.dtype)
