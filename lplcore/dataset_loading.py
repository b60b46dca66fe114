"""Data sets as training uses them: validation split, long-tailed subset, test set."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lplcore.dataset_info import DatasetInfo, RawFacts
from lplcore.datasets import Dataset, DatasetError, RawData, RegisteredDataset
from lplcore.long_tail import long_tail_counts
from lplcore.normalization import Normalization, training_statistics
from lplcore.randomness import generator

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Examples x [N, channels, H, W] uint8 or [N, D] uint8 or float32; labels y [N] int64 ([N, C] for multi label)."""

    x: Tensor
    y: Tensor

    def to(self, device: torch.device) -> "Split":
        """The same on a device."""
        return Split(self.x.to(device), self.y.to(device))


@dataclass(frozen=True)
class LoadedDataset:
    """A data set ready for training."""

    info: DatasetInfo
    train: Split
    validation: Split | None
    test: Split | None
    normalization: Normalization
    """By the statistics of `train`."""


def load(
    dataset: Dataset,
    *,
    seed: int,
    data_dir: str | Path = "data",
    datasets: Mapping[str, RegisteredDataset] | None = None,
) -> LoadedDataset:
    """Read a data set, hold out its validation split and thin out its classes; all draws come from `seed`.

    Raises:
        DatasetError: absent, corrupt, or too small for what is asked.
    """
    raw = dataset.read(Path(data_dir), datasets or {})
    facts = raw_facts(raw, sha256=registered_hash(dataset, datasets))
    info = describe(dataset, facts)
    held_out, subset = draw(dataset, raw, facts, seed=seed)
    validation = split_of(raw.x_train[held_out], raw.y_train[held_out]) if len(held_out) else None
    if raw.x_validation is not None and raw.y_validation is not None:
        validation = split_of(raw.x_validation, raw.y_validation)
    x_train = raw.x_train[subset]
    return LoadedDataset(
        info=info,
        train=split_of(x_train, raw.y_train[subset]),
        validation=validation,
        test=split_of(raw.x_test, raw.y_test) if len(raw.y_test) else None,
        normalization=training_statistics(x_train),
    )


def dataset_info(
    dataset: Dataset, *, data_dir: str | Path = "data", datasets: Mapping[str, RegisteredDataset] | None = None
) -> DatasetInfo:
    """Facts about the data set that a run would train on; they do not depend on the seed.

    Files are read once and remembered as long as they stay the same.

    Raises:
        DatasetError: as `load`.
    """
    registered, folder = datasets or {}, Path(data_dir)
    promised = dataset.promised(folder)
    if promised is not None:
        return describe(dataset, promised)
    stamps = tuple(stamp(path) for path in dataset.files(folder, registered))
    entry = registered.get(dataset.name)
    return describe(dataset, remembered_facts(whole(dataset), folder, entry, stamps))


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


@lru_cache(maxsize=64)
def remembered_facts(
    dataset: Dataset,
    data_dir: Path,
    entry: RegisteredDataset | None,
    stamps: tuple[Any, ...],
) -> RawFacts:
    """The facts of a data set; `stamps` change with its files."""
    registered = {} if entry is None else {entry.name: entry}
    return raw_facts(dataset.read(data_dir, registered), sha256=registered_hash(dataset, registered))


def registered_hash(dataset: Dataset, datasets: Mapping[str, RegisteredDataset] | None) -> str | None:
    """sha256 of a registered data set's file."""
    entry = (datasets or {}).get(dataset.name)
    return None if entry is None else entry.sha256


def whole(dataset: Dataset) -> Dataset:
    """The record with nothing held out or thinned out."""
    fields = ("imbalance_factor", "imbalance_profile", "validation_fraction")
    return dataset.model_copy(update={name: type(dataset).model_fields[name].default for name in fields})


def stamp(path: Path) -> tuple[str, int, int]:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return (str(path), 0, 0)
    return (str(path), found.st_size, found.st_mtime_ns)


def describe(dataset: Dataset, facts: RawFacts) -> DatasetInfo:
    """The facts after validation split and long-tailed subset."""
    held_out, kept = planned_counts(dataset, facts)
    multi_label = facts.task == "multi_label"
    return DatasetInfo(
        name=dataset.name,
        task=facts.task,
        classes=facts.classes,
        class_counts=facts.class_counts if multi_label else tuple(kept.tolist()),
        num_train=facts.num_train if multi_label else int(kept.sum()),
        num_validation=facts.num_validation or int(held_out.sum()),
        num_test=facts.num_test,
        input_shape=facts.input_shape,
        many_above=dataset.many_above,
        few_below=dataset.few_below,
        sha256=facts.sha256,
        notes=facts.notes,
        modified=facts.modified,
    )


def planned_counts(dataset: Dataset, facts: RawFacts) -> tuple[IntArray, IntArray]:
    """[C] examples to hold out and [C] to train on, per class.

    The largest class that is left after the split is the head of the long-tailed profile, whose order is that of the
    class indices; a class with fewer examples than its place in the profile keeps what it has.
    """
    counts = np.array(facts.class_counts, dtype=np.int64)
    refuse_impossible(dataset, facts)
    held_out = np.zeros_like(counts)
    if dataset.validation_fraction:
        wanted = np.floor(counts * dataset.validation_fraction + 0.5).astype(np.int64)
        held_out = np.minimum(wanted, np.maximum(counts - 1, 0))
        if not held_out.any():
            raise DatasetError("validation_fraction", "no class has enough examples for a validation split; raise it")
    left = counts - held_out
    if dataset.imbalance_factor == 1:
        return held_out, left
    profile = long_tail_counts(
        int(left.max()), len(left), imbalance_factor=dataset.imbalance_factor, profile=dataset.imbalance_profile
    )
    if min(profile) < 1:
        message = (
            f"leaves classes without any training example; ask for at most the largest class's {left.max()} examples"
        )
        raise DatasetError("imbalance_factor", message)
    return held_out, np.minimum(left, profile)


def refuse_impossible(dataset: Dataset, facts: RawFacts) -> None:
    """What a data set cannot be asked for."""
    if facts.task == "multi_label" and (dataset.imbalance_factor != 1 or dataset.validation_fraction):
        field = "imbalance_factor" if dataset.imbalance_factor != 1 else "validation_fraction"
        raise DatasetError(field, "multi-label data are used as they are; leave it out")
    if facts.num_validation and dataset.validation_fraction:
        raise DatasetError("validation_fraction", "the data set has a validation split of its own; leave it out")


def draw(dataset: Dataset, raw: RawData, facts: RawFacts, *, seed: int) -> tuple[IntArray, IntArray]:
    """Indices of the held out and of the kept training examples, each in file order."""
    if raw.y_train.ndim == 2:
        return np.arange(0), np.arange(len(raw.y_train))
    held_out, kept = planned_counts(dataset, facts)
    shuffled = torch.randperm(len(raw.y_train), generator=generator(seed, "subset")).numpy()
    by_class = shuffled[np.argsort(raw.y_train[shuffled], kind="stable")]
    counts = np.array(facts.class_counts)
    # Place of every example within its class, in random order: the first are held out, the next are kept.
    place = np.arange(len(by_class)) - np.repeat(np.cumsum(counts) - counts, counts)
    first_kept, end = np.repeat(held_out, counts), np.repeat(held_out + kept, counts)
    return np.sort(by_class[place < first_kept]), np.sort(by_class[(place >= first_kept) & (place < end)])


def split_of(x: npt.NDArray[Any], y: IntArray) -> Split:
    """Arrays as tensors; what NumPy holds read-only or in another order is copied."""
    return Split(torch.from_numpy(np.array(x, order="C")), torch.from_numpy(np.array(y, dtype=np.int64)))
