"""Shearing, translating and rotating images, each by an operation of its own. N images H x W."""

import math

import torch
from torch import Tensor

from lplcore.augmentations.rand_augment.operations import Operation, Strength


def moved(images: Tensor, operation: Tensor, sign: Tensor, strength: Strength) -> Tensor:
    """Images [N, channels, H, W] with the geometric operations of operation [N] done, the others as they are.

    Each pixel is the nearest one of its place in the image, black outside it.

    Args:
        images: of any type.
        operation: values of `Operation`.
        sign: direction of each, -1 or 1, float32.
        strength: how far.
    """
    channels, height, width = images.shape[1:]
    across, down = sources(operation, sign, strength, height=height, width=width)
    outside = (across < 0) | (across >= width) | (down < 0) | (down >= height)
    place = down.clamp(0, height - 1) * width + across.clamp(0, width - 1)
    index = place.flatten(1)[:, None].expand(-1, channels, -1)
    taken = images.flatten(2).gather(2, index).reshape(images.shape)
    return taken.masked_fill(outside[:, None], 0)


def sources(operation: Tensor, sign: Tensor, strength: Strength, *, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Column and row that each pixel comes from, both [N, H, W] int64."""
    columns = torch.arange(width, dtype=torch.float32, device=operation.device) - (width - 1) / 2
    rows = (torch.arange(height, dtype=torch.float32, device=operation.device) - (height - 1) / 2)[:, None]

    def only(wanted: Operation, value: float) -> Tensor:
        """[N, 1, 1] the value, with its sign, where that operation is done, else 0."""
        return (sign * value).masked_fill(operation != wanted, 0.0)[:, None, None]

    turn = only(Operation.ROTATE, math.sin(strength.angle))
    cosine = torch.ones_like(sign).masked_fill(operation == Operation.ROTATE, math.cos(strength.angle))[:, None, None]
    shear_x, shear_y = only(Operation.SHEAR_X, strength.shear), only(Operation.SHEAR_Y, strength.shear)
    # Shears leave the first row and column where they are, rotation the centre.
    across = cosine * columns + (shear_x - turn) * rows + shear_x * (height / 2)
    down = cosine * rows + (shear_y + turn) * columns + shear_y * (width / 2)
    across = across - only(Operation.TRANSLATE_X, strength.shift(width)) + (width - 1) / 2
    down = down - only(Operation.TRANSLATE_Y, strength.shift(height)) + (height - 1) / 2
    return across.round().long(), down.round().long()
