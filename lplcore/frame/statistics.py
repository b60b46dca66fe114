"""What a method may know of the training set: class counts, priors and ranks.

A class without training examples is empty. Shares, extremes and means over classes are over those that have examples
(`counted`), so that an empty class changes nothing for the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

TASKS = ("single_label", "multi_label")
EMPTY_LOG_PRIOR = -100.0
"""Stands for log 0: no share of a softmax is left beside it, whatever the usual logit, and losses stay finite."""


@dataclass(frozen=True)
class ClassStatistics:
    """Class statistics of a training set.

    Attributes:
        class_counts: training examples per class, C entries (positives per class for multi label).
        task: `single_label` or `multi_label`.
        num_examples: N, training examples; None where a multi-label user did not say.
        known_examples: multi label: of how many of them it is known whether they have each class; None for all.
    """

    class_counts: tuple[int, ...]
    task: str = "single_label"
    num_examples: int | None = None
    known_examples: tuple[int, ...] | None = None

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.class_counts)

    @property
    def multi_label(self) -> bool:
        """Whether an example may have any number of labels."""
        return self.task == "multi_label"

    @cached_property
    def num_counted(self) -> int:
        """Classes that have training examples."""
        return sum(n > 0 for n in self.class_counts)

    @property
    def largest_count(self) -> int:
        """Examples of the most frequent class."""
        return max(self.class_counts)

    @property
    def smallest_count(self) -> int:
        """Examples of the rarest class that has any."""
        return min(n for n in self.class_counts if n > 0)

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """Rank of each class by count: 1 is the most frequent, ties by class index; empty classes are last."""
        order = sorted(range(self.num_classes), key=lambda c: (-self.class_counts[c], c))
        ranks = [0] * self.num_classes
        for position, c in enumerate(order):
            ranks[c] = position + 1
        return tuple(ranks)

    def counts(self) -> Tensor:
        """n_c, float64 [C]."""
        return torch.tensor(self.class_counts, dtype=torch.float64)

    def counted(self) -> Tensor:
        """Whether a class has training examples, bool [C]."""
        return self.counts() > 0

    def counts_or_smallest(self) -> Tensor:
        """n_c, float64 [C]; an empty class passes for one like the rarest."""
        return self.counts().clamp(min=self.smallest_count)

    def prior(self) -> Tensor:
        """pi_c = n_c / sum(n), float64 [C]."""
        counts = self.counts()
        return counts / counts.sum()

    def log_prior(self, strength: float = 1.0) -> Tensor:
        """strength * log(pi_c), float64 [C]; EMPTY_LOG_PRIOR for empty classes at any strength but 0."""
        logs = strength * self.prior().clamp(min=torch.finfo(torch.float64).tiny).log()
        return torch.where(self.counted(), logs, EMPTY_LOG_PRIOR if strength else 0.0)

    def log_counts(self) -> Tensor:
        """log(n_c), float64 [C]; EMPTY_LOG_PRIOR for empty classes."""
        return torch.where(self.counted(), self.counts().clamp(min=1).log(), EMPTY_LOG_PRIOR)

    def needed_num_examples(self, method: str) -> Tensor:
        """N, float64: a scalar, or [C] where it is not known of all examples whether they have each class.

        Raises:
            ValueError: the number of training examples is missing.
        """
        if self.num_examples is None:
            raise ValueError(
                f"num_examples: {method} needs the number of training examples; call criterion(..., num_examples=n)"
            )
        if self.known_examples is None:
            return torch.tensor(self.num_examples, dtype=torch.float64)
        return torch.tensor(self.known_examples, dtype=torch.float64).clamp(min=1)


def class_statistics(
    class_counts: Iterable[Any],
    *,
    task: str = "single_label",
    num_examples: int | None = None,
    known_examples: Sequence[int] | None = None,
) -> ClassStatistics:
    """Checked statistics from a list, array or tensor of counts.

    Raises:
        ValueError: fewer than two classes, a negative, fractional or too large count, all counts zero, or fewer
            examples than a class has.
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
    counts = tuple(int(n) for n in values)
    if num_examples is not None and (isinstance(num_examples, bool) or not isinstance(num_examples, int)):
        raise ValueError("num_examples: must be a whole number")
    if task == "single_label":
        if num_examples not in (None, sum(counts)):
            raise ValueError(f"num_examples: class_counts sum to {sum(counts)}, {num_examples} given; leave it out")
        return ClassStatistics(counts, task, sum(counts))
    if num_examples is not None and num_examples < max(counts):
        raise ValueError(f"num_examples: a class has {max(counts)} examples, {num_examples} given in all")
    known = None if known_examples is None else tuple(int(n) for n in known_examples)
    if known is not None and (len(known) != len(counts) or any(n < c for n, c in zip(known, counts, strict=True))):
        raise ValueError("known_examples: one number for each class, none below its class count")
    return ClassStatistics(counts, task, num_examples, known)
