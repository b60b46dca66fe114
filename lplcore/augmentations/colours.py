"""Changes of colour: images [N, channels, H, W] in grey levels 0 to 255, float32, with one parameter [N] each.

Those that give whole numbers round them down, as torchvision does with images of bytes.
"""

import torch
from torch import Tensor

RED, GREEN, BLUE = 0.2989, 0.587, 0.114
"""Weights of grey (ITU-R BT.601), to the digits that torchvision has."""


def per_image(values: Tensor) -> Tensor:
    """[N] to [N, 1, 1, 1]."""
    return values[:, None, None, None]


def grey(images: Tensor) -> Tensor:
    """[N, 1, H, W] in whole levels; images of one channel are what they are."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(dim=1)
    return (RED * red + GREEN * green + BLUE * blue).floor()[:, None]


def mean_grey(images: Tensor) -> Tensor:
    """[N, 1, 1, 1]. Whole numbers are summed as such, so that no order of summation shows."""
    total = grey(images).to(torch.int32).sum(dim=(1, 2, 3), keepdim=True, dtype=torch.int32)
    return total.float() / (images.shape[2] * images.shape[3])


def blended(images: Tensor, others: Tensor, factor: Tensor) -> Tensor:
    """factor * images + (1 - factor) * others, in whole levels; what is equal in both stays so."""
    return (images + (1 - per_image(factor)) * (others - images)).clamp(0, 255).floor()


def brightened(images: Tensor, factor: Tensor) -> Tensor:
    """The levels times a factor, in whole levels."""
    return (images * per_image(factor)).clamp(0, 255).floor()


def contrasted(images: Tensor, factor: Tensor) -> Tensor:
    """The distance from the mean grey times a factor, in whole levels."""
    return blended(images, mean_grey(images), factor)


def saturated(images: Tensor, factor: Tensor) -> Tensor:
    """The distance from each pixel's grey times a factor, in whole levels."""
    return blended(images, grey(images), factor)


def rotated_hue(images: Tensor, turn: Tensor, saturation: Tensor | None = None) -> Tensor:
    """Hue turned by so many turns (1 is once around), saturation times a factor, as the HSV hexcone has them.

    With v the largest channel, c the distance to the smallest one and h the hue in sixths of a turn, a channel is
    v - c clamp(min(k, 4 - k), 0, 1) for k = (h + n) mod 6, n = 5, 3, 1 for red, green and blue (Smith, Color gamut
    transform pairs, SIGGRAPH 1978, in closed form).
    """
    red, green, blue = images.unbind(dim=1)
    largest, smallest = images.amax(dim=1), images.amin(dim=1)
    distance = largest - smallest
    divisor = distance.masked_fill(distance == 0, 1.0)
    of_green, of_blue = 2 + (blue - red) / divisor, 4 + (red - green) / divisor
    hue = torch.where(largest == green, of_green, of_blue)
    hue = torch.where(largest == red, (green - blue) / divisor, hue) + 6 * turn[:, None, None]
    if saturation is not None:
        distance = distance * saturation[:, None, None]
    channels = []
    for offset in (5, 3, 1):
        place = (hue + offset).remainder(6)
        channels.append(largest - distance * torch.minimum(place, 4 - place).clamp(0, 1))
    return torch.stack(channels, dim=1)
