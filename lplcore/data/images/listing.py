"""Lists of images, each with its label; among them text files with a path and a label a line."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lplcore.errors import DatasetError
from lplcore.plugin import quoted

MAX_FILE_BYTES = 2**31
MAX_IMAGES = 10_000_000
Content = TypeVar("Content")


@dataclass(frozen=True)
class Listed:
    """The images of one split."""

    listing: str
    """The file that lists them."""
    names: Sequence[str]
    """[N] paths below the data set's folder, with / between folders."""
    labels: npt.NDArray[np.int64]
    """[N] places of their classes, or [N, C] multi-hot."""
    lines: Sequence[int] | None = None
    """[N], where the file has a line for each."""

    def where(self, place: int) -> str:
        """Where one is listed, for messages."""
        return self.listing if self.lines is None else f"{self.listing} line {self.lines[place]}"


@dataclass(frozen=True)
class Lists:
    """The images of a data set."""

    classes: tuple[str, ...]
    train: Listed
    test: Listed
    validation: Listed | None = None

    @property
    def splits(self) -> tuple[Listed, ...]:
        """Those that there are."""
        return tuple(split for split in (self.train, self.validation, self.test) if split is not None)


def content_of(path: Path, read: Callable[[Path], Content]) -> Content:
    """What `read` makes of a text file.

    Raises:
        DatasetError: it is too large, cannot be read or is not UTF-8.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DatasetError("name", f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GiB; fetch it again")
        return read(path)
    except OSError as error:
        raise DatasetError("name", f"{path.name} cannot be read: {error.strerror}; make it readable") from error
    except UnicodeDecodeError as error:
        raise DatasetError("name", f"{path.name} is not UTF-8 (byte {error.start}); fetch it again") from error


def read_list(path: Path, *, classes: int) -> Listed:
    """A list with `path label` a line, labels from 0.

    Args:
        path: of the list.
        classes: how many the data set has where it is complete.

    Raises:
        DatasetError: a line is something else, or there is none; the message names it.
    """
    names: list[str] = []
    labels: list[int] = []
    lines: list[int] = []
    for number, name, label in content_of(path, lambda path: list(entries(path, classes))):
        names.append(name)
        labels.append(label)
        lines.append(number)
    if not names:
        raise DatasetError("name", f"{path.name} lists no image; fetch it again")
    return Listed(path.name, names, np.array(labels, dtype=np.int64), lines)


def entries(path: Path, classes: int) -> Iterator[tuple[int, str, int]]:
    """(number of the line, path, label) of each line that is not blank."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.isspace():
                if number > MAX_IMAGES:
                    raise DatasetError("name", f"{path.name} has more than {MAX_IMAGES} lines; fetch it again")
                yield number, *entry(line, f"{path.name} line {number}", classes)


def entry(line: str, where: str, classes: int) -> tuple[str, int]:
    """Path and label of a line."""
    name, _, label = line.strip().replace("\t", " ").rpartition(" ")
    if not name:
        raise DatasetError("name", f"{where}: expected a path and a label, got {quoted(line.strip())}; correct it")
    # A number of nine digits is above every range.
    number = int(label[:9]) if label.isascii() and label.isdigit() else math.inf
    if number >= classes:
        raise DatasetError("name", f"{where}: label {quoted(label)} is no number from 0 to {classes - 1}; correct it")
    return plain(name.rstrip()), int(number)


def plain(name: str) -> str:
    """A path without parts that say nothing, so that an image has one name."""
    return str(PurePosixPath(name)) if "//" in name or "./" in name or name.endswith("/") else name


def lists_of(train: Listed, test: Listed, *, validation: Listed | None = None) -> Lists:
    """Splits whose classes have no other names than their numbers.

    Raises:
        DatasetError: a class has images in another split, but none in training.
    """
    number = int(train.labels.max()) + 1
    lists = Lists(tuple(str(label) for label in range(number)), train, test, validation)
    for split in lists.splits:
        extra = np.flatnonzero(split.labels >= number)
        if len(extra):
            label = int(split.labels[extra[0]])
            message = f"label {label} is a class without training images, {train.listing} ends at {number - 1}"
            raise DatasetError("name", f"{split.where(int(extra[0]))}: {message}; correct it")
    return lists


def refuse_shared(lists: Lists) -> None:
    """Images in two splits."""
    seen: dict[str, str] = {}
    for split in lists.splits:
        for name in split.names:
            if name in seen:
                message = f"{quoted(name)} is in {seen[name]} too; an image belongs to one split: remove it from one"
                raise DatasetError("name", f"{split.listing}: {message}")
        seen.update(dict.fromkeys(split.names, split.listing))


def folders_in(root: Path) -> list[Path]:
    """The folders of a folder, links to such among them."""
    try:
        with os.scandir(root) as found:
            return sorted(Path(each.path) for each in found if each.is_dir())
    except OSError:
        return []
