"""How many training examples of every class are held out, thinned out and kept. C classes, S sets of labels."""

from typing import NamedTuple

import numpy as np

from lplcore.data.info import RawFacts
from lplcore.data.long_tail import by_count, long_tail_counts
from lplcore.data.splits import IntArray
from lplcore.data.stratification import held_out
from lplcore.datasets import Dataset
from lplcore.errors import DatasetError


class PlannedCounts(NamedTuple):
    """What becomes of the training examples."""

    meta: IntArray
    """[C], for the meta set."""
    held_out: IntArray
    """[C], for validation; multi label: [S], of every set of labels."""
    kept: IntArray
    """[C], for training."""
    num_held_out: int
    """Examples; one with several labels is one."""
    num_kept: int


def planned_counts(dataset: Dataset, facts: RawFacts) -> PlannedCounts:
    """What becomes of every class's training examples.

    The meta set is taken out first, then the validation split, then the long-tailed subset of what is left.
    """
    counts = np.array(facts.class_counts, dtype=np.int64)
    refuse_impossible(dataset, facts)
    if facts.task == "multi_label":
        return planned_sets(dataset, facts)
    meta = np.full_like(counts, dataset.meta_per_class)
    if (counts[counts > 0] <= dataset.meta_per_class).any():
        smallest = int(counts[counts > 0].min())
        message = f"takes all examples of the smallest class, which has {smallest}; ask for fewer"
        raise DatasetError("meta_per_class", message)
    meta[counts == 0] = 0
    counts = counts - meta
    held = np.zeros_like(counts)
    if dataset.validation_fraction:
        wanted = np.floor(counts * dataset.validation_fraction + 0.5).astype(np.int64)
        held = np.minimum(wanted, np.maximum(counts - 1, 0))
        if not held.any():
            raise DatasetError("validation_fraction", "no class has enough examples for a validation split; raise it")
    left = counts - held
    kept = left if dataset.imbalance_factor == 1 else subset_counts(dataset, left)
    return PlannedCounts(meta, held, kept, int(held.sum()), int(kept.sum()))


def planned_sets(dataset: Dataset, facts: RawFacts) -> PlannedCounts:
    """What becomes of multi-label examples: some of every set of labels may be held out for validation."""
    counts, sets = np.array(facts.class_counts, dtype=np.int64), facts.label_sets
    if sets is None:
        return PlannedCounts(np.zeros_like(counts), np.arange(0), counts, 0, facts.num_train)
    held = held_out(sets, dataset.validation_fraction)
    number = int(held.sum())
    if not number:
        raise DatasetError("validation_fraction", "there are too few examples for a validation split; raise it")
    kept = counts - held @ sets.labels
    return PlannedCounts(np.zeros_like(counts), held, kept, number, facts.num_train - number)


def subset_counts(dataset: Dataset, left: IntArray) -> IntArray:
    """Examples of each class in a long-tailed subset of these [C].

    The largest class sets the profile's n_max. The classes that have examples take its places in the order that
    `imbalance_order` names; one with fewer examples than its place keeps what it has.
    """
    order = by_count(left) if dataset.imbalance_order == "count" else np.arange(len(left))
    profile = long_tail_counts(
        int(left.max()), len(order), imbalance_factor=dataset.imbalance_factor, profile=dataset.imbalance_profile
    )
    if min(profile) < 1:
        message = (
            f"leaves classes without any training example; ask for at most the largest class's {left.max()} examples"
        )
        raise DatasetError("imbalance_factor", message)
    kept = np.zeros_like(left)
    kept[order] = np.minimum(left[order], profile)
    return kept


def refuse_impossible(dataset: Dataset, facts: RawFacts) -> None:
    """What a data set cannot be asked for."""
    if facts.task == "multi_label":
        for field, neutral in (("imbalance_factor", 1), ("meta_per_class", 0)):
            if getattr(dataset, field) != neutral:
                raise DatasetError(field, "is for single labels, these data are multi label; leave it out")
    if facts.shares and dataset.validation_fraction:
        message = "metrics need labels of 0 or 1, these data have shares between; give them a validation split"
        raise DatasetError("validation_fraction", message)
    if dataset.input_range is not None and len(facts.input_shape) != 3:
        raise DatasetError("input_range", "is for images, this data set has vectors; leave it out")
    if dataset.normalization == "imagenet" and facts.input_shape[:1] != (3,):
        raise DatasetError("normalization", "imagenet is for images of three colours; leave it out")
    if facts.num_validation and dataset.validation_fraction:
        raise DatasetError("validation_fraction", "the data set has a validation split of its own; leave it out")
