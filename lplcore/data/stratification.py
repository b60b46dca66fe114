"""Validation splits of multi-label data. N examples, C classes, S different sets of labels.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas, On the stratification of multi-label data, ECML PKDD 2011,
Algorithm 1) on sets of labels instead of examples: how many examples with each set are held out follows from the data
alone, so that counts are the same whatever the seed; which of them are, follows the seed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from lplcore.randomness import generator

PHASES = 8
"""Places tried for the first example to be held out in a round."""
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelSets:
    """The different sets of labels among examples."""

    labels: BoolArray
    """[S, C], the labels of each set."""
    counts: IntArray
    """[S], how many examples have it."""
    index: IntArray
    """[N], each example's set."""


def label_sets(labels: IntArray) -> LabelSets:
    """The sets among labels [N, C], above 0 where an example has one."""
    present = labels > 0
    packed = np.packbits(present, axis=1)
    rows = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1])))[:, 0]
    _, first, index, counts = np.unique(rows, return_index=True, return_inverse=True, return_counts=True)
    return LabelSets(present[first], counts.astype(np.int64), index.astype(np.int64))


def held_out(sets: LabelSets, fraction: float) -> IntArray:
    """[S] how many examples of each set are held out, so that about this share of every label's examples is.

    The label with the fewest examples that are not yet divided comes first: its examples are divided as it still needs
    them, evenly over its sets. Examples without a label come last. Every label that has examples keeps one.
    """
    held, left = np.zeros_like(sets.counts), sets.counts.copy()
    numbers = (left @ sets.labels).astype(np.float64)
    wanted = numbers * fraction
    order = by_frequent_labels(sets)
    while (numbers > 0).any():
        label = np.argmin(np.where(numbers > 0, numbers, np.inf))
        members = order[sets.labels[order, label] & (left[order] > 0)]
        labels = sets.labels[members].astype(np.float64)
        taken = left[members] @ labels
        choices = evenly(left[members], wanted[label])
        # What each label still wants beside its share of those that are left.
        distances = ((wanted - choices @ labels - fraction * (numbers - taken)) ** 2).sum(axis=1)
        held[members] = own = choices[np.argmin(distances.round(6))]
        numbers, wanted = numbers - taken, wanted - own @ labels
        left[members] = 0
    return with_every_label(sets, held + evenly(left, fraction * sets.counts.sum() - held.sum())[0])


def by_frequent_labels(sets: LabelSets) -> IntArray:
    """[S] the sets in an order in which those that share frequent labels stand together."""
    frequent_last = np.argsort(sets.counts @ sets.labels, kind="stable")
    return np.lexsort(sets.labels[:, frequent_last].T).astype(np.int64)


def evenly(counts: IntArray, wanted: float) -> IntArray:
    """[PHASES, M] ways to take as many as are wanted of M sets, at equal distances along their order.

    Neighbours are alike, so that each of their labels gets its share. A half is rounded down: it stays in training.
    """
    total = int(counts.sum())
    number = int(np.clip(np.ceil(wanted - 0.5), 0, total))
    first = (np.arange(PHASES) * total // PHASES)[:, None]
    passed = (np.cumsum(counts) * number + first) // max(total, 1)
    return np.diff(passed, axis=1, prepend=0)


def with_every_label(sets: LabelSets, held: IntArray) -> IntArray:
    """The same, but for an example of every label that would have none left for training."""
    held = held.copy()
    for label in np.flatnonzero((sets.counts - held) @ sets.labels == 0):
        having = np.flatnonzero(sets.labels[:, label])
        if len(having) and not (sets.counts - held)[having].any():
            held[having[0]] -= 1
    return held


def drawn(sets: LabelSets, held: IntArray, *, seed: int) -> BoolArray:
    """[N] which examples are held out, so many [S] of each set."""
    index, counts = sets.index, sets.counts
    shuffled = torch.randperm(len(index), generator=generator(seed, "stratification")).numpy()
    by_set = shuffled[np.argsort(index[shuffled], kind="stable")]
    place = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    result = np.zeros(len(index), dtype=np.bool_)
    result[by_set[place < np.repeat(held, counts)]] = True
    return result
