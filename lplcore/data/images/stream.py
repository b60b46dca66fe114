"""Images that are read when they are needed, by worker processes ahead of it. N images, S pixels on each side."""

import ctypes
import signal
import sys
import warnings
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lplcore.data.images.cache import PixelCache
from lplcore.data.images.files import ImageFiles
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.reading import Boxes, Read, Reader, Wanted, decoder

AHEAD = 2
"""Batches that a worker has ready or in work."""
BLOCK = 64
THREADS = 4
PR_SET_PDEATHSIG = 1
NO_ROOM = (
    "no room in /dev/shm for batches; give the container more shared memory (shm_size), or read with fewer processes"
)


class ImageStream:
    """The images of a split, indexed like a tensor [N, 3, S, S] of their pixels.

    Attributes:
        files: of the split.
    """

    def __init__(self, files: ImageFiles, pipeline: InputPipeline, cache: PixelCache | None = None) -> None:
        self.files, self.pipeline, self.cache = files, pipeline, cache

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, 3, S, S)."""
        return self.files.shape

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Images [n, 3, S, S] uint8 in the data set's view, on the device of the indices [n].

        Raises:
            DatasetError: one cannot be used.
        """
        read = Reader(self.files, self.cache)[Wanted(indices.cpu().numpy())]
        return self.usable(read).to(indices.device)

    def batches(
        self, wanted: Sequence[Wanted], *, boxes: Boxes | None = None, pinned: bool = False
    ) -> Generator[Tensor, None, None]:
        """The images of batches in their order, each [n, 3, S, S] uint8 on the CPU.

        Args:
            wanted: the batches.
            boxes: of the crop whose draws they bring along.
            pinned: in memory from which a GPU reads by itself.

        Raises:
            DatasetError: an image cannot be used.
        """
        for read in self.read(wanted, boxes=boxes, pinned=pinned):
            yield self.usable(read)

    def read(self, wanted: Sequence[Wanted], *, boxes: Boxes | None = None, pinned: bool = False) -> Iterator[Read]:
        """As `batches`, with what was found out about the images."""
        if self.cache is not None:
            self.cache.refresh()
        reader = Reader(self.files, self.cache, boxes)
        workers = min(self.pipeline.workers, len(wanted))
        if not workers:
            return (reader[each] for each in wanted)
        return by_workers(reader, wanted, workers=workers, pinned=pinned)

    def usable(self, read: Read) -> Tensor:
        """The images of a batch.

        Raises:
            DatasetError: one cannot be used.
        """
        if read.damaged:
            raise self.files.refused(*read.damaged[0])
        return read.images

    def all(self) -> Iterator[Read]:
        """Every image once, in order, in blocks."""
        places = np.arange(len(self))
        blocks = [Wanted(places[first : first + BLOCK]) for first in range(0, len(places), BLOCK)]
        if self.pipeline.workers:
            yield from self.read(blocks)
            return
        if self.cache is not None:
            self.cache.refresh()
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            yield from pool.map(Reader(self.files, self.cache).__getitem__, blocks)


def by_workers(reader: Reader, wanted: Sequence[Wanted], *, workers: int, pinned: bool) -> Iterator[Read]:
    """The batches in their order, read by processes; nothing is drawn from the caller's generators.

    Raises:
        MemoryError: no room is left in the memory that processes share.
    """
    try:
        yield from begun(reader, wanted, workers=workers, pinned=pinned)
    except RuntimeError as error:
        if "shared memory" in str(error):
            raise MemoryError(NO_ROOM) from error
        raise


def begun(reader: Reader, wanted: Sequence[Wanted], *, workers: int, pinned: bool) -> Iterator[Read]:
    """As `by_workers`, the processes at work already."""
    with warnings.catch_warnings():
        # Of more processes than cores, which somebody asked for; and of a fork beside threads, which the processes
        # never use.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        loader: DataLoader[Read] = DataLoader(
            Batches(reader, wanted),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=AHEAD,
            collate_fn=unchanged,
            worker_init_fn=alone,
            pin_memory=pinned,
            generator=torch.Generator(),
            # Another process than a fork would take a second to load torch, and run the caller's script once more.
            multiprocessing_context="fork" if sys.platform == "linux" else "spawn",
        )
        return iter(loader)


class Batches(Dataset[Read]):
    """Batches by their number."""

    def __init__(self, reader: Reader, wanted: Sequence[Wanted]) -> None:
        self.reader, self.wanted = reader, wanted

    def __len__(self) -> int:
        return len(self.wanted)

    def __getitem__(self, number: int) -> Read:
        return self.reader[self.wanted[number]]


def unchanged(read: Any) -> Any:
    """A batch as the reader gives it."""
    return read


def alone(worker: int) -> None:
    """What the training process does about signals is not for its workers; they end with it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def new_stream(files: ImageFiles, pipeline: InputPipeline) -> ImageStream:
    """The stream of a split, with the cache that its spec asks for, where the pipeline has room for one."""
    wanted, folder = files.pixels.cache, pipeline.cache_dir
    if wanted is None or folder is None:
        return ImageStream(files, pipeline)
    return ImageStream(files, pipeline, PixelCache(folder, wanted, decoder=decoder(), limit=pipeline.cache_bytes))


def decoded(stream: ImageStream) -> tuple[npt.NDArray[np.uint8], int]:
    """All images as an array [N, 3, S, S] uint8, and how many were transparent somewhere.

    Raises:
        DatasetError: an image cannot be used.
    """
    pixels, whitened, first = np.empty(stream.shape, dtype=np.uint8), 0, 0
    for read in stream.all():
        images = stream.usable(read)
        pixels[first : first + len(images)] = images.numpy()
        first, whitened = first + len(images), whitened + read.whitened
    return pixels, whitened


def white_note(whitened: int, number: int) -> tuple[str, ...]:
    """A note on images that were transparent, of so many."""
    return (f"{whitened} of {number} images are transparent in places, laid on white",) if whitened else ()
