"""The classes of a batch, in tensors whose shapes are fixed by N and C.

N examples, C classes, S slots. A slot stands for one class of the batch: slot c is class c where C <= N; with more
classes than examples the slots are the at most N classes that occur, so that the work is O(N C) however large C is.
Examples that are ignored share a slot of their own, which is not present.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Slots(NamedTuple):
    """The classes of a batch."""

    of_example: Tensor
    """[N] slot of each example."""
    class_of: Tensor
    """[S] class of each slot (0 where the slot is empty)."""
    size: Tensor
    """[S] examples in each slot, at least 1 so that it can divide."""
    present: Tensor
    """[S] bool, whether any example that counts is in the slot."""

    def at(self, slots: Tensor, examples: Tensor) -> "Slots":
        """Some slots (indices, ascending) with their examples (indices of all of them)."""
        place = torch.zeros_like(self.class_of).scatter(0, slots, torch.arange(slots.shape[0], device=slots.device))
        of_example = place[self.of_example[examples]]
        return Slots(of_example, self.class_of[slots], self.size[slots], self.present[slots])

    def sum(self, values: Tensor) -> Tensor:
        """Sum of per-example values [N, ...] over each slot's examples, [S, ...]."""
        return values.new_zeros((*self.size.shape, *values.shape[1:])).index_add(0, self.of_example, values)

    def mean(self, values: Tensor) -> Tensor:
        """Mean of per-example values [N] over each slot's examples, [S]; 0 where the slot is empty."""
        return self.sum(values) / self.size

    def largest(self, values: Tensor) -> Tensor:
        """Largest of per-example values [N] in each slot, [S]; -inf where the slot is empty."""
        lowest = values.new_full(self.size.shape, -torch.inf)
        return lowest.scatter_reduce(0, self.of_example, values, "amax")

    def to_classes(self, values: Tensor, num_classes: int) -> Tensor:
        """Slot values [S] as class values [C], NaN for classes that are not in the batch."""
        target = torch.where(self.present, self.class_of, num_classes)
        return values.new_full((num_classes + 1,), float("nan")).scatter(0, target, values)[:num_classes]


def slots_of(labels: Tensor, num_classes: int, included: Tensor | None = None) -> Slots:
    """Slots of labels [N], of which only some may be included [N] (None: all)."""
    if included is not None:
        return without_ignored(slots_of(torch.where(included, labels, num_classes), num_classes + 1), num_classes)
    if num_classes <= labels.shape[0]:
        of_example, class_of = labels, torch.arange(num_classes, device=labels.device)
    else:
        ordered, order = torch.sort(labels, stable=True)
        starts = functional.pad((ordered[1:] != ordered[:-1]).long(), (1, 0))
        of_example = torch.zeros_like(labels).scatter(0, order, starts.cumsum(0))
        class_of = torch.zeros_like(labels).scatter(0, of_example, labels)
    size = torch.zeros_like(class_of).index_add(0, of_example, torch.ones_like(labels))
    return Slots(of_example, class_of, size.clamp(min=1), size > 0)


def slots_of_classes(present: Tensor) -> Slots:
    """A slot a class, for values that are of classes [C] already; which examples they hold does not matter."""
    classes = torch.arange(present.shape[0], device=present.device)
    return Slots(classes, classes, torch.ones_like(classes), present)


def without_ignored(slots: Slots, num_classes: int) -> Slots:
    """Slots where class C holds what is ignored: it is not present and stands beside class 0 as empty slots do."""
    included = slots.class_of < num_classes
    return slots._replace(
        class_of=torch.where(included, slots.class_of, 0),
        present=slots.present & included,
    )
