"""Rectangles of random area and aspect ratio, as random crops and random erasing draw them. N images."""

import math
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import torch
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from torch import Tensor

ATTEMPTS = 10


def in_order(limits: list[float]) -> list[float]:
    """Two numbers, else an error where the first is the larger."""
    if limits[0] > limits[1]:
        raise PydanticCustomError("range", "must be two numbers, the lower one first")
    return limits


Area = Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=2, max_length=2), AfterValidator(in_order)]
"""Least and largest share of an image."""
Ratio = Annotated[
    list[Annotated[float, Field(ge=0.01, le=100)]], Field(min_length=2, max_length=2), AfterValidator(in_order)
]
"""Least and largest ratio of the sides."""


class Rectangles(NamedTuple):
    """One rectangle an image, each [N]."""

    first: Tensor
    """The side that grows with the ratio; a whole number in float32."""
    second: Tensor
    fits: Tensor
    """Whether an attempt fitted; the sides mean nothing where none did."""


def first_that_fits(
    areas: Tensor, draws: Tensor, limits: tuple[Tensor, Tensor], *, scale: Sequence[float], ratio: Sequence[float]
) -> Rectangles:
    """The first of ten rectangles whose sides are within limits.

    Args:
        areas: pixels of the images, [N].
        draws: [N, 20], two a rectangle.
        limits: largest first and second side, each [N].
        scale: least and largest share of the area, drawn uniformly.
        ratio: least and largest first / second side; its logarithm is drawn uniformly.
    """
    # Contiguous, or vectors and single numbers would go through functions that differ in the last bit.
    share, skew = draws.reshape(-1, ATTEMPTS, 2).permute(2, 0, 1).contiguous()
    wanted = areas.float()[:, None] * (scale[0] + (scale[1] - scale[0]) * share)
    low, high = math.log(ratio[0]), math.log(ratio[1])
    ratios = (low + (high - low) * skew).exp()
    first, second = (wanted * ratios).sqrt().round(), (wanted / ratios).sqrt().round()
    fits = (first <= limits[0][:, None]) & (second <= limits[1][:, None])
    return chosen(first, second, fits)


def chosen(first: Tensor, second: Tensor, fits: Tensor) -> Rectangles:
    """The first that fits of attempts, each [N, attempts]."""
    attempts = fits.shape[1]
    index = torch.arange(attempts, device=fits.device).expand_as(fits)
    # argmax need not give the first of equal ones.
    place = index.masked_fill(~fits, attempts).amin(dim=1)
    column = place.clamp(max=attempts - 1)[:, None]
    return Rectangles(first.gather(1, column)[:, 0], second.gather(1, column)[:, 0], place < attempts)
