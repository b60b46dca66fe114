"""Operations that give each grey level another one: a table for every channel of every image. N images."""

import torch
from torch import Tensor

from lplcore.augmentations.colours import mean_grey
from lplcore.augmentations.rand_augment.operations import Operation, Strength

LEVELS = 256


def toned(images: Tensor, operation: Tensor, sign: Tensor, strength: Strength) -> Tensor:
    """Images [N, channels, H, W] of bytes with the tonal operations of operation [N] done, the others as they are.

    Args:
        images: of bytes.
        operation: values of `Operation`.
        sign: direction of each, -1 or 1, float32.
        strength: how far.
    """
    levels = torch.arange(LEVELS, dtype=torch.float32, device=images.device).expand(*images.shape[:2], LEVELS)
    factor = (1 + sign * strength.blend)[:, None, None]
    mean = mean_grey(images.float())[:, :, :, 0]
    step = 2 ** (8 - strength.bits)
    tables = {
        Operation.BRIGHTNESS: levels * factor,
        Operation.CONTRAST: levels * factor + mean * (1 - factor),
        Operation.POSTERIZE: (levels / step).floor() * step,
        Operation.SOLARIZE: torch.where(levels >= strength.threshold, 255 - levels, levels),
        Operation.AUTO_CONTRAST: stretched(images, levels),
        Operation.EQUALIZE: equalised(images, levels),
    }
    table = levels
    for wanted, values in tables.items():
        table = torch.where((operation == wanted)[:, None, None], values, table)
    bytes_of = table.clamp(0, 255).to(torch.uint8)
    return bytes_of.gather(2, images.flatten(2).long()).reshape(images.shape)


def stretched(images: Tensor, levels: Tensor) -> Tensor:
    """[N, channels, 256] that take each channel's darkest level to black and its brightest to white."""
    values = images.flatten(2).float()
    darkest, brightest = values.amin(dim=2, keepdim=True), values.amax(dim=2, keepdim=True)
    flat = brightest == darkest
    scale = (brightest - darkest) * (1 / 255)
    return torch.where(flat, levels, (levels - darkest) / scale.masked_fill(flat, 1.0))


def equalised(images: Tensor, levels: Tensor) -> Tensor:
    """[N, channels, 256] that spread each channel's levels evenly, by Pillow's rule.

    With h the histogram, level k becomes (h_0 + ... + h_(k-1) + s // 2) // s, where s is a 255th of the pixels that do
    not have the brightest level; where that is 0 levels stay as they are.
    """
    pixels = images.shape[2] * images.shape[3]
    counts = histograms(images)
    up_to = counts.cumsum(dim=2, dtype=torch.int32)
    brightest = images.flatten(2).float().amax(dim=2, keepdim=True).long()
    step = (pixels - counts.gather(2, brightest)).div(LEVELS - 1, rounding_mode="floor")
    spread = (up_to - counts + step // 2).div(step.clamp(min=1), rounding_mode="floor")
    return torch.where(step == 0, levels, spread.float())


def histograms(images: Tensor) -> Tensor:
    """[N, channels, 256] int32, how many pixels have each level."""
    number, channels = images.shape[:2]
    first = torch.arange(number * channels, device=images.device)[:, None] * LEVELS
    index = (images.flatten(2).flatten(0, 1).long() + first).flatten()
    counts = torch.zeros(number * channels * LEVELS, dtype=torch.int32, device=images.device)
    ones = torch.ones(1, dtype=torch.int32, device=images.device).expand_as(index)
    # Whole numbers: the order in which they are added does not show.
    return counts.index_add_(0, index, ones).reshape(number, channels, LEVELS)
