"""Choices among a few values by a number drawn for each example."""

from collections.abc import Sequence

import torch
from torch import Tensor


def drawn_index(draws: Tensor, number: int) -> Tensor:
    """Indices 0 to number - 1, int64, each with the same probability, of numbers in [0, 1)."""
    return (draws * number).long()


def selected(index: Tensor, values: Sequence[float]) -> Tensor:
    """The value that each index names, float32; without a table, which the host would have to send to the device."""
    result = torch.zeros_like(index, dtype=torch.float32)
    for place, value in enumerate(values):
        result = result.masked_fill(index == place, value)
    return result
