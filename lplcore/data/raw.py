"""Data sets as their files hold them, and those that somebody registered."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lplcore.data.info import RawFacts

MAX_ARRAY_BYTES = 2**33
"""Of all decoded pixels, of all multi-hot labels, and of an archive's arrays."""
RULES = 2
"""Rules by which a registered data set is read now; 1: those of version 0.1.0, for what was registered then."""
FIRST_RULES = (
    "read as version 0.1.0 read it, under which it was registered; register it again to have it read by today's rules"
)


@dataclass(frozen=True)
class RegisteredDataset:
    """A data set that somebody registered under a name of its own."""

    name: str
    path: str
    """Absolute path of the file, or of the folder."""
    format: str = "arrays"
    """`arrays`: an `.npz`; `labelled_images`: a folder of images with `labels.csv`."""
    task: str | None = None
    sha256: str | None = None
    rules: int = RULES
    """By which it is read, so that its runs go on with the same numbers; registered again, it is read by `RULES`."""


@dataclass(frozen=True)
class RawData:
    """A data set as its files hold it: N images [N, channels, height, width] uint8, or N vectors [N, D] float32."""

    classes: tuple[str, ...]
    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[np.int64]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[np.int64]
    x_validation: npt.NDArray[Any] | None = None
    y_validation: npt.NDArray[np.int64] | None = None
    task: str = "single_label"
    notes: tuple[str, ...] = ()
    """What a reader of results must know, such as files that differ from the published ones."""
    modified: bool = False
    """Whether files differ from the published ones."""


def raw_facts(raw: RawData, *, sha256: str | None) -> RawFacts:
    """The facts of data that have been read."""
    multi_label = raw.y_train.ndim == 2
    counts = raw.y_train.sum(axis=0) if multi_label else np.bincount(raw.y_train, minlength=len(raw.classes))
    return RawFacts(
        classes=raw.classes,
        class_counts=tuple(int(n) for n in counts),
        task=raw.task,
        num_train=len(raw.y_train),
        num_validation=0 if raw.y_validation is None else len(raw.y_validation),
        num_test=len(raw.y_test),
        input_shape=tuple(raw.x_train.shape[1:]),
        notes=raw.notes,
        modified=raw.modified,
        sha256=sha256,
    )


def registered_hash(name: str, registered: Mapping[str, RegisteredDataset] | None) -> str | None:
    """sha256 of a registered data set's contents."""
    entry = (registered or {}).get(name)
    return None if entry is None else entry.sha256


def stamp(paths: Sequence[Path]) -> str:
    """What changes when one of the files does, of fixed length however many there are."""
    seen = hashlib.sha256()
    for path in paths:
        try:
            status = path.stat()
            seen.update(repr((str(path), status.st_size, status.st_mtime_ns)).encode())
        except OSError:
            seen.update(repr((str(path), None)).encode())
    return seen.hexdigest()
