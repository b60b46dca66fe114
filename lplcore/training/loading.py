"""Data sets as training uses them: validation split, long-tailed subset, test set."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from lplcore.data import stratification
from lplcore.data.damaged import without_damaged
from lplcore.data.data_files import stamp
from lplcore.data.images.estimate import kept_bytes
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import white_note
from lplcore.data.info import DatasetInfo, RawFacts
from lplcore.data.long_tail import imbalance_of, missed_factor
from lplcore.data.raw import RawData, RegisteredDataset, raw_facts, registered_hash
from lplcore.data.splits import IntArray, LoadedDataset
from lplcore.data.stratification import LabelSets, label_sets
from lplcore.datasets import Dataset
from lplcore.datasets.image_files import ImageDataset
from lplcore.randomness import generator
from lplcore.training.placing import held_or_streamed, normalization_of, parts_of
from lplcore.training.planning import planned_counts

SUBSET_FIELDS = ("imbalance_factor", "imbalance_profile", "imbalance_order", "subset_seed")


def load(
    dataset: Dataset,
    *,
    seed: int,
    data_dir: str | Path = "data",
    datasets: Mapping[str, RegisteredDataset] | None = None,
    cropped: bool = False,
    pipeline: InputPipeline | None = None,
) -> LoadedDataset:
    """Read a data set, hold out its validation split and thin out its classes.

    What is held out for validation and as meta set is drawn by `seed`, the run's; which of the other examples are kept
    in a long-tailed subset by the record's `subset_seed`. Image files are read now where they fit into memory.

    Args:
        dataset: the record.
        seed: of the run.
        data_dir: folder whose `datasets` holds files of built-in data sets.
        datasets: those registered under names of their own.
        cropped: training cuts out of every image file, so that the files are read in each epoch.
        pipeline: how image files are read.

    Raises:
        DatasetError: absent, corrupt, or too small for what is asked.
    """
    pipeline = pipeline or InputPipeline()
    raw = usable_data(dataset, data_dir=data_dir, datasets=datasets or {}, pipeline=pipeline)
    facts = raw_facts(raw, sha256=registered_hash(dataset.name, datasets))
    if splits_label_sets(dataset, facts):
        facts = replace(facts, label_sets=label_sets(raw.y_train))
    info = describe(dataset, facts)
    drawn = draw(dataset, raw, facts, seed=seed)
    splits, whitened = held_or_streamed(parts_of(raw, drawn.by_split()), cropped=cropped, pipeline=pipeline)
    return LoadedDataset(
        info=replace(info, notes=(*info.notes, *white_note(whitened, sum(len(split.y) for split in splits.values())))),
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
        meta=splits.get("meta"),
        normalization=normalization_of(dataset, raw, splits["train"]),
        table=raw.table,
    )


def usable_data(
    dataset: Dataset, *, data_dir: str | Path, datasets: Mapping[str, RegisteredDataset], pipeline: InputPipeline
) -> RawData:
    """A data set as its files hold it, without the images that a spec wants left out where they are damaged.

    Raises:
        DatasetError: absent or corrupt.
    """
    raw = dataset.read(Path(data_dir), datasets)
    if isinstance(dataset, ImageDataset) and dataset.on_damaged == "leave_out":
        return without_damaged(raw, pipeline)
    return raw


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
    stamped = stamp(dataset.files(folder, registered))
    entry = registered.get(dataset.name)
    if entry is not None and entry.raw is not None:
        return describe(dataset, facts_in_memory(dataset, entry.raw))
    facts = remembered_facts(whole(dataset), folder, entry, stamped)
    if splits_label_sets(dataset, facts):
        facts = replace(facts, label_sets=remembered_sets(whole(dataset), folder, entry, stamped))
    return describe(dataset, facts)


def facts_in_memory(dataset: Dataset, raw: RawData) -> RawFacts:
    """The facts of data that a caller holds; nothing of them is remembered."""
    facts = raw_facts(raw, sha256=None)
    return replace(facts, label_sets=label_sets(raw.y_train)) if splits_label_sets(dataset, facts) else facts


def splits_label_sets(dataset: Dataset, facts: RawFacts) -> bool:
    """Whether a validation split is drawn from multi-label data."""
    return facts.task == "multi_label" and dataset.validation_fraction > 0


@lru_cache(maxsize=8)
def remembered_sets(dataset: Dataset, data_dir: Path, entry: RegisteredDataset | None, stamped: str) -> LabelSets:
    """The label sets of a data set's training examples; `stamped` changes with its files."""
    return label_sets(dataset.read(data_dir, {} if entry is None else {entry.name: entry}).y_train)


@lru_cache(maxsize=64)
def remembered_facts(
    dataset: Dataset,
    data_dir: Path,
    entry: RegisteredDataset | None,
    stamped: str,
) -> RawFacts:
    """The facts of a data set; `stamped` changes with its files."""
    return dataset.facts(data_dir, {} if entry is None else {entry.name: entry})


def whole(dataset: Dataset) -> Dataset:
    """The record with nothing held out, thinned out or normalised."""
    fields = (
        *SUBSET_FIELDS,
        "validation_fraction",
        "meta_per_class",
        "input_range",
        "normalization",
        "cache",
        "on_damaged",
    )
    defaults = type(dataset).model_fields
    return dataset.model_copy(update={name: defaults[name].default for name in fields if name in defaults})


def describe(dataset: Dataset, facts: RawFacts) -> DatasetInfo:
    """The facts after validation split and long-tailed subset."""
    planned = planned_counts(dataset, facts)
    class_counts = tuple(planned.kept.tolist())
    missed = None if dataset.imbalance_factor == 1 else missed_factor(planned.kept, dataset.imbalance_factor)
    return DatasetInfo(
        name=dataset.name,
        task=facts.task,
        classes=facts.classes,
        class_counts=class_counts,
        imbalance_factor=imbalance_of(class_counts),
        num_train=planned.num_kept,
        num_validation=facts.num_validation or planned.num_held_out,
        num_test=facts.num_test,
        input_shape=facts.input_shape,
        many_above=dataset.many_above[facts.task],
        few_below=dataset.few_below,
        sha256=facts.sha256,
        notes=facts.notes if missed is None else (*facts.notes, missed),
        modified=facts.modified,
        shares=facts.shares,
        cache_bytes=cache_bytes(dataset, facts),
    )


def cache_bytes(dataset: Dataset, facts: RawFacts) -> int | None:
    """About what the cache of a data set takes, None where it has none."""
    if not isinstance(dataset, ImageDataset) or dataset.cache is None:
        return None
    return kept_bytes(dataset.cache, facts.image_sizes, facts.num_train + facts.num_validation + facts.num_test)


class Drawn(NamedTuple):
    """Indices of training examples, each part in file order."""

    meta: IntArray
    held_out: IntArray
    kept: IntArray

    def by_split(self) -> dict[str, IntArray]:
        """What each split gets."""
        return {"train": self.kept, "validation": self.held_out, "meta": self.meta}


def draw(dataset: Dataset, raw: RawData, facts: RawFacts, *, seed: int) -> Drawn:
    """Which examples are the meta set, which are held out and which are kept."""
    planned = planned_counts(dataset, facts)
    if raw.y_train.ndim == 2:
        held = np.zeros(len(raw.y_train), dtype=np.bool_)
        if facts.label_sets is not None:
            held = stratification.drawn(facts.label_sets, planned.held_out, seed=seed)
        return Drawn(np.arange(0), np.flatnonzero(held), np.flatnonzero(~held))
    by_class, counts = shuffled_classes(raw.y_train, seed), np.array(facts.class_counts)
    # Place of every example within its class, in random order: validation first, the meta set last.
    place = np.arange(len(by_class)) - np.repeat(np.cumsum(counts) - counts, counts)
    to_validation = place < np.repeat(planned.held_out, counts)
    to_meta = place >= np.repeat(counts - planned.meta, counts)
    # The subset's order begins where a validation split by the same seed would end, and goes round: what another seed
    # holds out is passed over, and so few examples of a small class change with it.
    preferred = by_class if dataset.subset_seed is None else shuffled_classes(raw.y_train, dataset.subset_seed)
    start, size = np.repeat(planned.held_out, counts), np.repeat(counts, counts)
    preferred = preferred[np.lexsort(((place - start) % size, raw.y_train[preferred]))]
    left = preferred[np.isin(preferred, by_class[~to_validation & ~to_meta])]
    sizes = counts - planned.held_out - planned.meta
    place_left = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = left[place_left < np.repeat(planned.kept, sizes)]
    return Drawn(np.sort(by_class[to_meta]), np.sort(by_class[to_validation]), np.sort(kept))


def shuffled_classes(labels: IntArray, seed: int) -> IntArray:
    """Indices of examples with these labels [N], class by class, in random order within each."""
    shuffled = torch.randperm(len(labels), generator=generator(seed, "subset")).numpy()
    by_class: IntArray = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return by_class
