"""Image files of a data set: which they are, and how the network sees them. N images, S pixels on each side."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from lplcore.data.images.decoding import Box
from lplcore.data.rules import RULES
from lplcore.errors import DatasetError
from lplcore.plugin import Record, quoted

IntArray = npt.NDArray[np.int64]


class Cache(Record):
    """Pixels kept from one pass to the next; the spec has it, since it decides the pixels."""

    size: int = Field(256, ge=8, le=4096, description="short side of the images kept; smaller ones pass unchanged")
    encoding: Literal["jpeg", "raw"] = Field(
        "jpeg", description="jpeg (quality 90): a tenth of the space; raw: as decoded, read in two thirds of the time"
    )


View = Annotated[
    Literal["stretch", "center_crop"],
    Field(
        description="how a whole image becomes a square, in evaluation and where the augmentation does not crop; "
        "stretch: resized whatever its shape; center_crop: its centre, once its short side is `resize` pixels"
    ),
]


@dataclass(frozen=True)
class Pixels:
    """How an image becomes [3, S, S]."""

    size: int
    view: str = "stretch"
    """`stretch`: the whole image, whatever its shape. `center_crop`: its centre once its short side is `resize`."""
    resize: int = 0
    cache: Cache | None = None
    rules: int = RULES
    """As `RegisteredDataset.rules`."""

    def box(self, width: int, height: int) -> Box:
        """What is seen of a whole image."""
        if self.view == "stretch":
            return 0, 0, width, height
        side = min(width, height) * min(self.size / self.resize, 1)
        left, top = (width - side) / 2, (height - side) / 2
        return left, top, left + side, top + side


class Names:
    """File names in one block of memory: a list of a million strings takes three times as much, and its counters of
    references would be copied into every worker process."""

    def __init__(self, names: Iterable[str]) -> None:
        ends, block = array("q", [0]), bytearray()
        for name in names:
            block += name.encode("utf-8", "surrogateescape")
            ends.append(len(block))
        self.ends, self.block = np.frombuffer(ends, dtype=np.int64), bytes(block)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, index: int) -> str:
        return self.block[self.ends[index] : self.ends[index + 1]].decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class ImageFiles:
    """Image files below one folder, in order; indexed like an array [N, 3, S, S] of their pixels."""

    root: Path
    """With links followed."""
    names: Names
    rows: IntArray
    """[N] which of the names."""
    pixels: Pixels
    listing: str = ""
    """The file that lists them, for messages."""
    lines: IntArray | None = None
    """The line of each name there."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, 3, S, S)."""
        return len(self.rows), 3, self.pixels.size, self.pixels.size

    @property
    def ndim(self) -> int:
        """4."""
        return 4

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> "ImageFiles":
        """Some of them; `index` as for a NumPy array of one dimension."""
        return replace(self, rows=self.rows[index])

    def name(self, place: int) -> str:
        """The name of one, below the root."""
        return self.names[int(self.rows[place])]

    def path(self, place: int) -> Path:
        """Where one lies."""
        return self.root / self.name(place)

    def refused(self, place: int, reason: str) -> DatasetError:
        """The error of an image that cannot be used."""
        line = "" if self.lines is None else f" line {self.lines[self.rows[place]]}"
        where = f"{self.listing}{line}: " if self.listing else ""
        remedy = "replace it or remove its line" if self.listing else "replace or remove it"
        return DatasetError("name", f"{where}{quoted(self.name(place))} cannot be used: {reason}; {remedy}")


def image_files(
    root: Path,
    names: Iterable[str],
    pixels: Pixels,
    *,
    listing: str = "",
    lines: Sequence[int] | None = None,
) -> ImageFiles:
    """Files by their names below a folder, with / between folders."""
    numbers = None if lines is None else np.array(lines, dtype=np.int64)
    packed = Names(names)
    return ImageFiles(root.resolve(), packed, np.arange(len(packed)), pixels, listing, numbers)
