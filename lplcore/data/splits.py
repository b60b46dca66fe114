"""Splits of a data set, ready for training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lplcore.data.info import DatasetInfo
from lplcore.data.normalization import Normalization
from lplcore.data.raw import RawData

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Examples x [N, channels, H, W] uint8 or [N, D] uint8 or float32; labels y [N] int64 ([N, C] for multi label)."""

    x: Tensor
    y: Tensor

    def to(self, device: torch.device) -> "Split":
        """The same on a device."""
        return Split(self.x.to(device), self.y.to(device))


@dataclass(frozen=True)
class LoadedDataset:
    """A data set ready for training."""

    info: DatasetInfo
    train: Split
    validation: Split | None
    test: Split | None
    meta: Split | None
    """`meta_per_class` examples of every class, held out of training."""
    normalization: Normalization
    """By the statistics of `train`, or to a range that the spec asks for."""


def part_of(raw: RawData, indices: IntArray) -> Split | None:
    """Some of the training examples, None of nothing."""
    return split_of(raw.x_train[indices], raw.y_train[indices]) if len(indices) else None


def split_of(x: npt.NDArray[Any], y: IntArray) -> Split:
    """Arrays as tensors; what NumPy holds read-only or in another order is copied."""
    return Split(torch.from_numpy(np.array(x, order="C")), torch.from_numpy(np.array(y, dtype=np.int64)))
