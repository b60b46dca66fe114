"""Normalisation of inputs: by the statistics of the training set, or to a range."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue from 0 to 1."""
CHUNK = 4096
"""Examples summed at a time, so that float64 copies of images stay small."""


@dataclass(frozen=True)
class Normalization:
    """(x - mean) * scale in float32, per channel of images and per feature of vectors."""

    mean: Tensor
    """[channels, 1, 1] or [D], float32; one number for a fixed range."""
    scale: Tensor
    """1 / std of the same shape."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Inputs [N, ...] of any type as float32: standardised over the training set, or in the range."""
        mean, scale = (laid_out_for(inputs, values) for values in (self.mean, self.scale))
        if inputs.dtype == torch.float32:
            return (inputs - mean).mul_(scale)
        return inputs.to(torch.float32).sub_(mean).mul_(scale)

    def to(self, device: torch.device) -> "Normalization":
        """The same on a device."""
        return Normalization(self.mean.to(device), self.scale.to(device))


@dataclass(frozen=True)
class NetworkInput:
    """Examples as stored, normalised and laid out for the network."""

    normalization: Normalization
    memory_format: torch.memory_format
    """Of images."""

    def __call__(self, examples: Tensor) -> Tensor:
        """Examples [N, ...] of any type to what the network takes, float32."""
        normalized = self.normalization(examples)
        return normalized.contiguous(memory_format=self.memory_format) if examples.dim() == 4 else normalized


def laid_out_for(inputs: Tensor, values: Tensor) -> Tensor:
    """Values per channel as an image, where the CPU would else repeat three of them for every pixel of a batch."""
    if inputs.dim() != 4 or values.dim() != 3 or inputs.device.type != "cpu":
        return values
    return torch.empty_like(inputs[:1], dtype=torch.float32).copy_(values)


def training_statistics(x: npt.NDArray[np.generic]) -> Normalization:
    """Normalisation by the training examples x [N, channels, H, W] or [N, D]; constant inputs are only centred."""
    axes = (0, 2, 3) if x.ndim == 4 else (0,)
    number = x.size / x.shape[1]
    # Two passes: the difference of large sums would lose the variance of features far from zero.
    mean = total(x, np.zeros(1), axes, power=1) / number
    variance = total(x, mean, axes, power=2) / number
    scale = 1 / np.where(variance > 1e-12 * np.maximum(mean**2, 1e-12), np.sqrt(variance), 1.0)
    shape = (-1, 1, 1) if x.ndim == 4 else (-1,)
    tensors = [torch.from_numpy(values.astype(np.float32).reshape(shape)) for values in (mean, scale)]
    return Normalization(*tensors)


def colour_statistics(blocks: Iterable[npt.NDArray[np.uint8]]) -> Normalization:
    """Normalisation by images that come in blocks [n, channels, H, W] uint8; the same however they are cut.

    A constant channel is only centred.
    """
    counts = sum(
        np.stack([np.bincount(block[:, c].reshape(-1), minlength=256) for c in range(block.shape[1])])
        for block in blocks
    )
    share = counts / np.sum(counts, axis=1, keepdims=True)
    levels = np.arange(256.0)
    mean = share @ levels
    variance = (share * (levels - mean[:, None]) ** 2).sum(axis=1)
    return by_moments(mean, np.sqrt(np.where(variance > 0, variance, 1.0)))


def imagenet_statistics() -> Normalization:
    """Normalisation by the mean and standard deviation that networks pretrained on ImageNet were trained with."""
    return by_moments(255 * np.array(IMAGENET_MEAN), 255 * np.array(IMAGENET_STD))


def by_moments(mean: npt.NDArray[np.float64], std: npt.NDArray[np.float64]) -> Normalization:
    """Normalisation of images by mean and standard deviation [channels]."""
    return Normalization(*(torch.from_numpy(values.astype(np.float32).reshape(-1, 1, 1)) for values in (mean, 1 / std)))


def fixed_range(low: float, high: float) -> Normalization:
    """Images of bytes with 0 at `low` and 255 at `high`."""
    scale = (high - low) / 255
    return Normalization(torch.tensor(-low / scale, dtype=torch.float32), torch.tensor(scale, dtype=torch.float32))


def unchanged(features: int) -> Normalization:
    """Features that stay as they are."""
    return Normalization(torch.zeros(features), torch.ones(features))


def total(
    x: npt.NDArray[np.generic], center: npt.NDArray[np.float64], axes: tuple[int, ...], *, power: int
) -> npt.NDArray[np.float64]:
    """Sum of (x - center)^power over all axes but the second, in float64."""
    shaped = center.reshape((1, -1) + (1,) * (x.ndim - 2))
    result = np.zeros(x.shape[1])
    for start in range(0, len(x), CHUNK):
        deviation = x[start : start + CHUNK].astype(np.float64)
        deviation -= shaped
        if power == 2:
            np.square(deviation, out=deviation)
        result += deviation.sum(axis=axes)
    return result
