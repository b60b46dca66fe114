"""What a method may know of the training set: class counts, priors and ranks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

TASKS = ("single_label", "multi_label")


@dataclass(frozen=True)
class ClassStatistics:
    """Class statistics of a training set.

    Attributes:
        class_counts: training examples per class, C entries (positives per class for multi label).
        task: `single_label` or `multi_label`.
    """

    class_counts: tuple[int, ...]
    task: str = "single_label"

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.class_counts)

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """Rank of each class by count: 1 is the most frequent, ties by class index."""
        order = sorted(range(self.num_classes), key=lambda c: (-self.class_counts[c], c))
        ranks = [0] * self.num_classes
        for position, c in enumerate(order):
            ranks[c] = position + 1
        return tuple(ranks)

    def prior(self) -> Tensor:
        """pi_c = n_c / sum(n), float64 [C]."""
        counts = torch.tensor(self.class_counts, dtype=torch.float64)
        return counts / counts.sum()


def class_statistics(class_counts: Iterable[Any], *, task: str = "single_label") -> ClassStatistics:
    """Checked statistics from a list, array or tensor of counts.

    Raises:
        ValueError: fewer than two classes, a negative, fractional or too large count, or all counts zero.
    """
    entries = class_counts.tolist() if hasattr(class_counts, "tolist") else class_counts
    if isinstance(entries, Mapping) or not isinstance(entries, Iterable):
        raise ValueError("class_counts: expected a list, array or tensor of C counts")
    values = [n.item() if hasattr(n, "item") else n for n in entries]
    if task not in TASKS:
        raise ValueError(f"task: {task!r} is neither single_label nor multi_label")
    if any(isinstance(n, bool) or not isinstance(n, int | float) or not 0 <= n < 2**53 or n != int(n) for n in values):
        raise ValueError("class_counts: every count must be a whole number from 0 to 2^53")
    if len(values) < 2:
        raise ValueError(f"class_counts: at least two classes are needed, {len(values)} given")
    if not any(values):
        raise ValueError("class_counts: all counts are zero")
    return ClassStatistics(tuple(int(n) for n in values), task)
