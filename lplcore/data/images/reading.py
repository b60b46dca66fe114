"""Reading images: from their files or the cache, cut and resized. N images, S pixels on each side."""

import io
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, features
from torch import Tensor
from torch.utils.data import get_worker_info

from lplcore.data.images.cache import Kept, PixelCache, key_of
from lplcore.data.images.decoding import Array, Decoded, Undecodable, cut, decode, shrunk, viewed
from lplcore.data.images.files import ImageFiles
from lplcore.data.images.jpeg import version

QUALITY = 90
"""Of JPEGs that are kept."""
HELD = 16
"""Images that are decoded before they are cut: they may be large."""
Boxes = Callable[[Tensor, Tensor], Tensor]
"""Sizes [N, 2] and draws [N, width] to boxes [N, 4] (`lplcore.augmentations.crop`)."""


class Wanted(NamedTuple):
    """A batch of images to read."""

    places: npt.NDArray[np.int64]
    """[N] which of the files."""
    draws: Tensor | None = None
    """[N, width] random numbers of the crop; None: the view of the data set."""


class Read(NamedTuple):
    """A batch that was read."""

    images: Tensor
    """[N, 3, S, S] uint8; of those that are damaged, zeros."""
    whitened: int
    """How many were transparent somewhere."""
    damaged: tuple[tuple[int, str], ...]
    """Place of each that cannot be used, and why."""


def decoder() -> str:
    """What kept pixels depend on: Pillow, its JPEG library, simplejpeg and torch."""
    jpeg = f"jpeg {features.version('jpg')} quality {QUALITY} {version()}"
    return f"3 pillow {Image.__version__} {jpeg} torch {torch.__version__}"  # type: ignore[attr-defined]


def black(shape: tuple[int, ...]) -> Tensor:
    """Zeros uint8; in a DataLoader's process, in the memory by which a batch reaches the trainer without a copy."""
    if get_worker_info() is None:
        return torch.zeros(shape, dtype=torch.uint8)
    shared = torch.UntypedStorage._new_shared(prod(shape))  # type: ignore[no-untyped-call]
    return torch.empty(0, dtype=torch.uint8).set_(shared).view(shape)


class Reader:
    """Reads the images of a split; the same pixels whether they come from the file or the cache."""

    def __init__(self, files: ImageFiles, cache: PixelCache | None = None, boxes: Boxes | None = None) -> None:
        self.files, self.cache, self.boxes = files, cache, boxes

    def __getitem__(self, wanted: Wanted) -> Read:
        """A batch; what the cache lacked is written to it."""
        size = self.files.pixels.size
        batch = black((len(wanted.places), size, size, 3))
        images = batch.numpy()
        missed, damaged, whitened = list[Kept](), list[tuple[int, str]](), 0
        for first in range(0, len(images), HELD):
            held: list[Decoded | None] = []
            for place in wanted.places[first : first + HELD].tolist():
                try:
                    held.append(self.stored(place, missed))
                except Undecodable as error:
                    damaged.append((place, str(error)))
                    held.append(None)
            draws = None if wanted.draws is None else wanted.draws[first : first + HELD]
            for row, image in self.cut(held, draws):
                images[first + row] = image
            whitened += sum(image is not None and image.whitened for image in held)
        if self.cache is not None:
            self.cache.put(missed)
        # Channels last in memory, as decoders give them and convolutions take them.
        return Read(batch.permute(0, 3, 1, 2), whitened, tuple(damaged))

    def cut(self, held: Sequence[Decoded | None], draws: Tensor | None) -> list[tuple[int, Array]]:
        """Row and pixels [S, S, 3] of the images that are there."""
        size, box_of = self.files.pixels.size, self.files.pixels.box
        there = [(row, each.pixels) for row, each in enumerate(held) if each is not None]
        if draws is None or self.boxes is None or not there:
            return [(row, viewed(image, box_of(image.shape[1], image.shape[0]), size)) for row, image in there]
        sizes = torch.tensor([image.shape[1::-1] for _, image in there])
        boxes = self.boxes(sizes, draws[[row for row, _ in there]]).tolist()
        return [(row, cut(image, box, size)) for (row, image), box in zip(there, boxes, strict=True)]

    def stored(self, place: int, missed: list[Kept]) -> Decoded:
        """An image as the spec's cache would keep it.

        Raises:
            Undecodable: it cannot be used.
        """
        path, pixels = self.files.path(place), self.files.pixels
        if pixels.cache is None:
            return decode(path, rules=pixels.rules)
        try:
            key = key_of(str(path), path.stat())
        except OSError as error:
            raise Undecodable(f"it cannot be read ({error.strerror})") from error
        kept = None if self.cache is None else self.cache.get(key)
        if kept is None:
            kept = self.made(path, key)
            if self.cache is not None:
                missed.append(kept)
        return self.opened(kept)

    def made(self, path: Path, key: bytes) -> Kept:
        """What is to be kept of an image: its file where it is small enough, else its pixels, shrunk."""
        pixels = self.files.pixels
        assert pixels.cache is not None
        side, raw = pixels.cache.size, pixels.cache.encoding == "raw"
        decoded = decode(path, rules=pixels.rules, draft=side)
        image = shrunk(decoded.pixels, side)
        if raw:
            height, width, _ = image.shape
            return Kept(key, image.tobytes(), width, height, decoded.whitened)
        if decoded.side <= side:
            return Kept(key, path.read_bytes())
        content = io.BytesIO()
        Image.fromarray(image).save(content, "JPEG", quality=QUALITY)
        return Kept(key, content.getvalue(), whitened=decoded.whitened)

    def opened(self, kept: Kept) -> Decoded:
        """The image that is kept."""
        if kept.width:
            pixels = np.frombuffer(kept.content, np.uint8).reshape(kept.height, kept.width, 3)
            return Decoded(pixels, kept.whitened, min(kept.width, kept.height))
        decoded = decode(io.BytesIO(kept.content), rules=self.files.pixels.rules)
        return decoded._replace(whitened=decoded.whitened or kept.whitened)
