"""Data sets: facts and loaders."""

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from lplcore.dataset_info import RawFacts
from lplcore.plugin import Plugin

RULES = 2
"""Rules by which a registered data set is read now; 1: those of version 0.1.0, for what was registered then."""
FIRST_RULES = (
    "read as version 0.1.0 read it, under which it was registered; register it again to have it read by today's rules"
)


class DatasetError(ValueError):
    """A data set that is absent, corrupt or not what it should be.

    Attributes:
        field: the field of the spec's `dataset` that names the cause.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class DataChanged(DatasetError):
    """A registered data set whose content is another than it was."""


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
            found = path.stat()
            seen.update(repr((str(path), found.st_size, found.st_mtime_ns)).encode())
        except OSError:
            seen.update(repr((str(path), None)).encode())
    return seen.hexdigest()


def rising(limits: list[float] | None) -> list[float] | None:
    """A range, else an error."""
    if limits is not None and limits[0] >= limits[1]:
        raise PydanticCustomError("input_range", "must be two numbers, the lower one first")
    return limits


def at_least_one(factor: float) -> float:
    """An imbalance factor, else an error that helps those who give the inverse ratio."""
    if factor < 1:
        inverse = f"; for the ratio n_min/n_max = {factor:g} give {1 / factor:g}" if factor > 1e-9 else ""
        raise PydanticCustomError("imbalance_factor", "{message}", {"message": f"must be n_max/n_min >= 1{inverse}"})
    return factor


class Dataset(Plugin):
    """A data set with its long-tailed subset.

    Class attributes: shot groups (`many` above `many_above` training examples, which depends on the task, `few` below
    `few_below`, `medium` between) and what a spec gets where it says nothing.
    """

    many_above: ClassVar[Mapping[str, int]] = {"single_label": 100, "multi_label": 99}
    few_below: ClassVar[int] = 20
    default_model: ClassVar[str] = "mlp"
    default_augmentation: ClassVar[str] = "none"
    default_epochs: ClassVar[int] = 30

    imbalance_factor: Annotated[float, AfterValidator(at_least_one)] = Field(
        1.0, le=1e9, description="n_max/n_min of the training subset; 1 takes all", json_schema_extra={"minimum": 1}
    )
    imbalance_profile: Literal["exponential", "step"] = "exponential"
    imbalance_order: Literal["count", "index"] = Field(
        "count",
        description="which class is the head of the profile: the most frequent one, or class 0 whatever its count "
        "(as version 0.1.0 had it); the same where all classes are alike in size",
    )
    subset_seed: int | None = Field(
        0,
        ge=0,
        lt=2**63,
        description="draws the long-tailed subset, the same one for every seed of a run; null: follows the run's seed",
    )
    validation_fraction: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="share of each class's training examples held out, never of the test set; drawn by the run's seed",
    )
    meta_per_class: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="training examples of each class held out first, for methods that learn from a balanced set; "
        "drawn by the run's seed",
    )
    input_range: Annotated[
        list[Annotated[float, Field(ge=-1e6, le=1e6)]] | None, Field(min_length=2, max_length=2), AfterValidator(rising)
    ] = Field(
        None,
        description="images: what black and white become; null: mean 0 and standard deviation 1 over the training set",
    )

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        """The files that would be read: as long as they stay the same, so does the data."""
        return []

    def promised(self, data_dir: Path) -> RawFacts | None:
        """Facts that hold once the files are downloaded, None where nothing is to be downloaded."""
        return None

    def facts(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawFacts:
        """What is known before anything is held out; by default from all that `read` reads.

        Raises:
            DatasetError: as `read`.
        """
        return raw_facts(self.read(data_dir, registered), sha256=registered_hash(self.name, registered))

    @abstractmethod
    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        """The whole data set.

        Raises:
            DatasetError: files absent or corrupt; the message says what goes where.
        """
