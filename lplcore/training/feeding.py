"""What the steps of an epoch take: examples held on the device, or images read by the time they are needed."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.data.images.reading import Wanted
from lplcore.data.images.stream import ImageStream
from lplcore.data.splits import Split
from lplcore.training.draws import Epoch


class Fed(NamedTuple):
    """What one step takes. N examples."""

    indices: Tensor
    """[N] int64, of the training examples, on the device."""
    draws: Tensor
    """[N, width] float32, random numbers of what the augmentation does on the device, there."""
    images: Tensor | None = None
    """[N, channels, H, W], where they are read as they are needed."""


class Held:
    """Steps on examples that the device holds: all random numbers of the epoch are sent there at once."""

    def __init__(self, epoch: Epoch, augmentation: Augmentation, device: torch.device) -> None:
        self.epoch, self.order = epoch, epoch.order.to(device)
        self.draws = epoch.draws(epoch.all, width=augmentation.draws).to(device)

    def step(self, number: int) -> Fed:
        """What a step takes."""
        positions = self.epoch.positions(number)
        return Fed(self.order[positions], self.draws[positions])


class Streamed:
    """Steps in turn, from any one on, on images that are read ahead of them."""

    def __init__(self, epoch: Epoch, augmentation: Augmentation, stream: ImageStream, device: torch.device) -> None:
        self.epoch, self.augmentation, self.stream, self.device = epoch, augmentation, stream, device
        self.images: Generator[Tensor, None, None] | None = None

    def step(self, number: int) -> Fed:
        """What a step takes.

        Raises:
            DatasetError: an image cannot be used.
        """
        if self.images is None:
            self.images = self._read_from(number)
        positions, crop = self.epoch.positions(number), self.augmentation.crop
        first = 0 if crop is None else crop.draws
        draws = self.epoch.draws(positions, width=self.augmentation.draws, first=first)
        parts = (self.epoch.order[positions], draws, next(self.images))
        return Fed(*(part.to(self.device, non_blocking=True) for part in parts))

    def _read_from(self, step: int) -> Generator[Tensor, None, None]:
        crop, pinned = self.augmentation.crop, self.device.type == "cuda"
        wanted = CutImages(self.epoch, step, 0 if crop is None else crop.draws)
        return self.stream.batches(wanted, boxes=None if crop is None else crop.boxes, pinned=pinned)


@dataclass(frozen=True)
class CutImages(Sequence[Wanted]):
    """The images of an epoch's steps from one of them on, each with the random numbers of its crop."""

    epoch: Epoch
    first: int
    width: int
    """Random numbers that a crop takes."""

    def __len__(self) -> int:
        return self.epoch.steps - self.first

    def __getitem__(self, number: int) -> Wanted:  # type: ignore[override]  # nobody takes slices of it
        positions = self.epoch.positions(self.first + number)
        return Wanted(self.epoch.order[positions].numpy(), self.epoch.draws(positions, width=self.width))


def feed_of(train: Split, epoch: Epoch, augmentation: Augmentation, device: torch.device) -> Held | Streamed:
    """What the steps of an epoch take."""
    if isinstance(train.x, ImageStream):
        return Streamed(epoch, augmentation, train.x, device)
    return Held(epoch, augmentation, device)
