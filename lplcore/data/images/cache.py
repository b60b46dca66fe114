"""Pixels kept on disk from one pass to the next: shards of images, each written whole and never changed.

A shard holds the images that one batch found missing: their contents one after another, an index, and a trailer by
which it is known to be complete. Whoever finds an image here reads it; whoever does not makes it from its file, which
gives the same bits. So a shard may be torn, or go at any time, and two writers may write the same image.
"""

import contextlib
import hashlib
import os
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lplcore.data.images.files import Cache

ENTRY = np.dtype(
    [
        ("key", "S16"),
        ("offset", "<i8"),
        ("size", "<i8"),
        ("checksum", "<u8"),
        ("width", "<u4"),
        ("height", "<u4"),
        ("whitened", "?"),
    ]
)
TRAILER = np.dtype([("entries", "<i8"), ("crc", "<u4"), ("magic", "S8")])
MAGIC = b"lplshard"
SUFFIX, UNFINISHED = ".shard", ".part"
ABANDONED_SECONDS = 3600
LOOKED_AT_AGAIN = 32
"""Each of several writers takes this part of the room there is before it looks again."""


class Kept(NamedTuple):
    """What is kept of an image."""

    key: bytes
    content: bytes
    width: int = 0
    """Of raw pixels; 0: the content is an image file."""
    height: int = 0
    whitened: bool = False


def key_of(name: str, status: os.stat_result) -> bytes:
    """16 bytes that differ for another file, and once the file changes. None of them is the last zero that NumPy cuts.

    Args:
        name: where the file lies.
        status: its size and the time of its last change count.
    """
    text = f"{name}\0{status.st_size}\0{status.st_mtime_ns}"
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=15).digest()
    return digest + b"\x01"


def checksum(content: bytes) -> int:
    """Sum of its 64-bit words and the rest, which shows bytes lost or changed: six times as fast as CRC-32."""
    words = np.frombuffer(content, "<u8", len(content) // 8)
    return (int(words.sum()) + int.from_bytes(content[words.nbytes :], "little")) % 2**64


class Shards:
    """What a folder holds, by key, in few objects, so that worker processes share its memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.forget()

    def forget(self) -> None:
        """Know of nothing."""
        self.paths: list[Path] = []
        self.known: set[str] = set()
        self.entries = np.empty(0, ENTRY)
        self.keys = self.entries["key"]
        self.shard = np.empty(0, np.int32)

    def refresh(self) -> None:
        """Take in what has been written since."""
        found_now = sorted(self.folder.glob(f"*{SUFFIX}"))
        if self.known - {path.name for path in found_now}:
            self.forget()  # what is gone must not hide what takes its place
        read, numbers = [self.entries], [self.shard]
        for path in found_now:
            if path.name not in self.known:
                self.known.add(path.name)
                found = index_of(path)
                read.append(found)
                numbers.append(np.full(len(found), len(self.paths), np.int32))
                self.paths.append(path)
        if len(read) == 1:
            return
        entries = np.concatenate(read)
        order = np.argsort(entries["key"], kind="stable")
        self.entries, self.shard = entries[order], np.concatenate(numbers)[order]
        self.keys = np.ascontiguousarray(self.entries["key"])

    def find(self, key: bytes) -> "tuple[Path, np.void] | None":
        """Where an image is kept."""
        place = int(np.searchsorted(self.keys, np.array(key, "S16")))
        if place == len(self.keys) or self.keys[place] != key:
            return None
        return self.paths[self.shard[place]], self.entries[place]


def index_of(path: Path) -> npt.NDArray[np.void]:
    """The index of a shard; empty where it is torn or gone."""
    with contextlib.suppress(OSError, ValueError), path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - TRAILER.itemsize))
        (trailer,) = np.frombuffer(file.read(), TRAILER)
        size = int(trailer["entries"]) * ENTRY.itemsize
        if trailer["magic"] == MAGIC and 0 <= size <= end - TRAILER.itemsize:
            file.seek(end - TRAILER.itemsize - size)
            index = file.read(size)
            if zlib.crc32(index) == trailer["crc"]:
                return np.frombuffer(index, ENTRY)
    return np.empty(0, ENTRY)


class PixelCache:
    """The images that are kept at one size and encoding.

    Args:
        folder: of all caches; this one has a folder of its own there.
        cache: size and encoding.
        decoder: what the pixels depend on besides.
        limit: bytes that all caches together may take.
    """

    def __init__(self, folder: Path, cache: Cache, *, decoder: str, limit: int) -> None:
        version = hashlib.sha256(decoder.encode()).hexdigest()[:12]
        self.all, self.folder, self.limit = folder, folder / f"{cache.size}-{cache.encoding}-{version}", limit
        self.shards = Shards(self.folder)
        self.since = time.time()
        self.room, self.full = 0, False

    def refresh(self) -> None:
        """Take in what others have written, mark what is in use, and sweep away what was never finished."""
        self.shards.refresh()
        for path in self.folder.glob(f"*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < self.since - ABANDONED_SECONDS:
                    path.unlink()
        for path in self.shards.paths:
            with contextlib.suppress(OSError):
                os.utime(path)

    def get(self, key: bytes) -> Kept | None:
        """What is kept of an image; None where nothing is, or it is damaged."""
        found = self.shards.find(key)
        if found is None:
            return None
        path, entry = found
        try:
            with path.open("rb", buffering=0) as file:
                file.seek(int(entry["offset"]))
                content = file.read(int(entry["size"]))
        except OSError:
            return None
        if len(content) != entry["size"] or checksum(content) != entry["checksum"]:
            return None
        return Kept(key, content, int(entry["width"]), int(entry["height"]), bool(entry["whitened"]))

    def put(self, images: Sequence[Kept]) -> None:
        """Keep images, as one shard; nothing where there is no room for them."""
        size = sum(len(image.content) for image in images)
        if not images or self.full or (size > self.room and not self.make_room(size)):
            return
        self.room -= size
        name = f"{images[0].key.hex()}-{os.getpid()}-{threading.get_ident()}"
        unfinished = self.folder / f"{name}{UNFINISHED}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.writelines(parts(images))
            unfinished.replace(self.folder / f"{name}{SUFFIX}")
        except OSError:  # a full disk: everything works without the cache
            self.full = True
            with contextlib.suppress(OSError):
                unfinished.unlink()

    def make_room(self, size: int) -> bool:
        """Whether so many bytes may be added, once the oldest shards that no run has used since are gone."""
        shards = []
        with contextlib.suppress(OSError):
            shards = sorted(sizes(self.all))
        taken = sum(each for _, each, _ in shards) + size
        for used, each, path in shards:
            if taken <= self.limit or used >= self.since:
                break
            with contextlib.suppress(OSError):
                path.unlink()
            taken -= each
        self.full = taken > self.limit
        self.room = size + (self.limit - taken) // LOOKED_AT_AGAIN
        return not self.full


def sizes(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each shard was used last, its bytes and its path."""
    for path in folder.glob(f"*/*{SUFFIX}"):
        with contextlib.suppress(OSError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path


def parts(images: Iterable[Kept]) -> Iterator[bytes]:
    """The bytes of a shard."""
    entries, offset = [], 0
    for image in images:
        size = len(image.content)
        entries.append((image.key, offset, size, checksum(image.content), image.width, image.height, image.whitened))
        offset += size
        yield image.content
    index = np.array(entries, ENTRY).tobytes()
    yield index
    yield np.array([(len(entries), zlib.crc32(index), MAGIC)], TRAILER).tobytes()
