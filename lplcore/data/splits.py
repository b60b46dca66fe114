"""Splits of a data set, ready for training."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lplcore.data.images.files import ImageFiles
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream, decoded, new_stream
from lplcore.data.info import DatasetInfo, TableFacts
from lplcore.data.normalization import Normalization
from lplcore.data.raw import Inputs

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Examples x [N, channels, H, W] uint8 or [N, D] uint8 or float32; labels y [N] int64.

    Multi label: y is [N, C], int64, of which -1 says that it is unknown, or float32 shares.

    Image files that are not held in memory are read when x is indexed.
    """

    x: Tensor | ImageStream
    y: Tensor

    @property
    def held(self) -> Tensor:
        """All examples, where they are held in memory."""
        assert isinstance(self.x, Tensor)
        return self.x

    def to(self, device: torch.device) -> "Split":
        """The same on a device."""
        return Split(self.x if isinstance(self.x, ImageStream) else self.x.to(device), self.y.to(device))

    def extremes(self) -> Tensor:
        """[2, ...] the smallest and the largest example, entry by entry."""
        if isinstance(self.x, Tensor):
            return torch.stack([self.x.amin(dim=0), self.x.amax(dim=0)])
        parts = [self.x.usable(read) for read in self.x.all()]
        smallest = torch.stack([images.amin(dim=0) for images in parts]).amin(dim=0)
        largest = torch.stack([images.amax(dim=0) for images in parts]).amax(dim=0)
        return torch.stack([smallest, largest]).to(self.y.device)


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
    table: TableFacts | None = None
    """Of a CSV table, whose rows the examples are."""


def split_of(x: Inputs, y: IntArray, *, held: bool = True, pipeline: InputPipeline) -> tuple[Split, int]:
    """Inputs and labels as tensors, and how many images were transparent somewhere.

    Args:
        x: arrays, of which those that NumPy holds read-only or in another order are copied; or image files.
        y: labels.
        held: whether image files are read now and held in memory.
        pipeline: how they are read.

    Raises:
        DatasetError: an image that is read now cannot be used.
    """
    labels, whitened = torch.from_numpy(np.array(y, dtype=np.float32 if y.dtype.kind == "f" else np.int64)), 0
    if isinstance(x, ImageFiles):
        stream = new_stream(x, pipeline)
        if not held:
            return Split(stream, labels), 0
        x, whitened = decoded(stream)
    return Split(torch.from_numpy(np.array(x, order="C")), labels), whitened
