"""Data sets as their files hold them, and those that somebody registered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lplcore.data.images.estimate import sampled_sizes
from lplcore.data.images.files import ImageFiles
from lplcore.data.info import RawFacts, TableFacts
from lplcore.data.rules import RULES

Inputs: TypeAlias = npt.NDArray[Any] | ImageFiles


@dataclass(frozen=True)
class RawData:
    """A data set as its files hold it: N images [N, channels, height, width] uint8, or N vectors [N, D] float32.

    Images may be files that are decoded later.
    """

    classes: tuple[str, ...]
    x_train: Inputs
    y_train: npt.NDArray[Any]
    """int64; multi label: -1 where it is unknown whether an example has a class, or float32 shares of 0 to 1."""
    x_test: Inputs
    y_test: npt.NDArray[np.int64]
    x_validation: Inputs | None = None
    y_validation: npt.NDArray[np.int64] | None = None
    task: str = "single_label"
    notes: tuple[str, ...] = ()
    """What a reader of results must know, such as files that differ from the published ones."""
    modified: bool = False
    """Whether files differ from the published ones."""
    table: TableFacts | None = None
    """Of a CSV table, whose features are standardised already."""


@dataclass(frozen=True)
class RegisteredDataset:
    """A data set that somebody registered under a name of its own."""

    name: str
    path: str
    """Absolute path of the file, or of the folder; empty where the data are in memory."""
    format: str = "arrays"
    """`arrays`: an `.npz`; `labelled_images`: a folder of images with `labels.csv`; `class_folders`: a folder
    of class folders, or of `train/ val/ test/` of them; `table`: a `.csv`; `in_memory`: `raw`."""
    task: str | None = None
    sha256: str | None = None
    rules: int = RULES
    """By which it is read, so that its runs go on with the same numbers; registered again, it is read by `RULES`."""
    target: str | None = None
    """Of a table: the column of the labels; None lets the names of its columns say it."""
    split: str | None = None
    """Of a table: the column that says train, val or test."""
    raw: RawData | None = field(default=None, compare=False, repr=False)
    """The data themselves, where a caller holds them in memory."""


def raw_facts(raw: RawData, *, sha256: str | None) -> RawFacts:
    """The facts of data that have been read."""
    multi_label = raw.y_train.ndim == 2
    counts = positives(raw.y_train) if multi_label else np.bincount(raw.y_train, minlength=len(raw.classes))
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
        image_sizes=sampled_sizes(raw.x_train) if isinstance(raw.x_train, ImageFiles) else (),
        shares=raw.y_train.dtype.kind == "f",
        table=raw.table,
    )


def positives(labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """[C] examples that have each class, of multi-hot rows [N, C]; shares add up to the nearest whole number.

    Where a class has any share it has at least one example.
    """
    positive = np.maximum(labels, 0)
    sums = positive.sum(axis=0, dtype=np.float64)
    whole: npt.NDArray[np.int64] = np.maximum(np.rint(sums), sums > 0).astype(np.int64)
    return whole


def registered_hash(name: str, registered: Mapping[str, RegisteredDataset] | None) -> str | None:
    """sha256 of a registered data set's contents."""
    entry = (registered or {}).get(name)
    return None if entry is None else entry.sha256
