"""LPL's walk in place, for the CPU: that of `walk`, in fewer operations and fewer passes over memory.

N examples, C classes, K slots, here sorted by their number of steps, so that those that still walk are always the
first. They walk in groups that fit the processor's cache: M slots with E examples. The matrices of a group have C + 1
columns: the wrong classes (nothing at the label), then the label.

With o_j an example's wrong logits and y its label's, both less the largest o_j of the start, and s the sum of exp(o_j),
p_j = exp(o_j) / (s + exp(y)) is the probability of a wrong class. For a class that is all but fitted exp(y) overflows
and p_j vanishes. So the class's gradient is scaled by exp(-r), r the log of its examples' largest probability of being
wrong at the start: exp(-r) p_j = exp(o_j) / (s exp(r) + exp(y + r)).
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from lplcore.frame.masked_classes import with_softmax

REACH = 8.0
"""How far a class walks from the start of a leg at most; exp(4 * REACH) is far from overflow."""
MILD = 24.0
"""Up to this margin over the wrong classes a class is far from fitted, and r is 0."""
CACHED = 2**17
"""Entries of a group's matrix, if it has more than one slot: a few matrices stay in the cache."""


class Order(NamedTuple):
    """The W slots that walk, in the order of their number of steps, the largest first."""

    place: Tensor
    """[K] place of every slot in the order; W or more for those that do not walk."""
    class_of: Tensor
    """[W, 1] class of each."""
    stride: Tensor
    """[W, 1] signed length of a step."""
    steps: list[int]
    """W numbers of steps."""

    @classmethod
    def of(cls, class_of: Tensor, stride: Tensor, number: Tensor) -> "Order":
        """The order of slots [K] by their number of steps."""
        falling, slots = number.nan_to_num().sort(descending=True, stable=True)
        place = torch.empty_like(slots).scatter_(0, slots, torch.arange(slots.shape[0], device=slots.device))
        steps = [int(count) for count in falling.tolist() if count > 0]
        walking = slots[: len(steps)]
        return cls(place, class_of.index_select(0, walking)[:, None], stride.index_select(0, walking)[:, None], steps)

    def at(self, places: Tensor) -> "Order":
        """Some places of the order, ascending; `place` stays what it is."""
        steps = [self.steps[place] for place in places.tolist() if place < len(self.steps)]
        walking = places[: len(steps)]
        return Order(self.place, self.class_of.index_select(0, walking), self.stride.index_select(0, walking), steps)

    def part(self, first: int, number: int) -> "Order":
        """At most `number` of the steps from `first` on."""
        steps = [min(count - first, number) for count in self.steps if count > first]
        return Order(self.place, self.class_of[: len(steps)], self.stride[: len(steps)], steps)


class Moves(NamedTuple):
    """How far slots have walked."""

    rows: Tensor
    """[W, C], and a row of zeros where examples stay."""
    row: Tensor
    """[N] index of each example's row."""

    def of_examples(self) -> Tensor:
        """[N, C]."""
        return self.rows.index_select(0, self.row)


def walk_in_place(logits: Tensor, labels: Tensor, order: Order, slot: Tensor, *, by_norm: bool, reach: float) -> Tensor:
    """The walk's sum per example, [N, C], from the slot of each, [N].

    `by_norm` steps along the direction alone, else along Eq. 31 as printed. No slot walks further than `reach`.
    """
    with torch.inference_mode():
        place = order.place.index_select(0, slot)
        if reach <= REACH or not order.steps:
            moves = leg(logits, labels, order, place, by_norm=by_norm)
        else:
            moves = legs(logits, labels, order, place, by_norm=by_norm)
    # Outside, as a tensor of inference mode could not take part in training.
    with torch.no_grad():
        return moves.of_examples()


def legs(logits: Tensor, labels: Tensor, order: Order, place: Tensor, *, by_norm: bool) -> Moves:
    """The walk, a leg after the other."""
    longest = order.stride.abs().amax().item()
    steps = max(int(REACH / longest), 1) if longest > 0 else order.steps[0]
    delta = torch.zeros_like(logits)
    for first in range(0, order.steps[0], steps):
        delta += leg(logits + delta, labels, order.part(first, steps), place, by_norm=by_norm).of_examples()
    return Moves(delta, torch.arange(delta.shape[0], device=delta.device))


def leg(logits: Tensor, labels: Tensor, order: Order, place: Tensor, *, by_norm: bool) -> Moves:
    """The walk over a distance of REACH, or one step; `place` [N] is that of each example's slot."""
    in_order, examples = place.sort(stable=True)
    if len(order.steps) > place.shape[0]:
        present, in_order, sizes = torch.unique_consecutive(in_order, return_inverse=True, return_counts=True)
        order, place = order.at(present), torch.empty_like(place).scatter_(0, examples, in_order)
        starts = functional.pad(sizes.cumsum(0), (1, 0))[: len(order.steps) + 1]
    else:
        starts = torch.searchsorted(in_order, torch.arange(len(order.steps) + 1, device=place.device))
    ends, walking, classes = starts.tolist(), len(order.steps), logits.shape[1]
    staying = ends[walking] < place.shape[0]
    moved = logits.new_empty(walking + staying, classes + 1)
    if staying:
        moved[walking].zero_()
        place = place.clamp(max=walking)
    stride = order.stride.to(logits.dtype)
    for first, last in groups(ends, CACHED // classes):
        own, slots = (ends[first], ends[last]), (first, last)
        chosen = cut(examples, *own)
        group = Group(
            logits.index_select(0, chosen),
            labels.index_select(0, chosen),
            place=shifted(cut(in_order, *own), first),
            starts=shifted(cut(starts, first, last + 1), ends[first]),
            stride=cut(stride, *slots),
            steps=order.steps[first:last],
        )
        group.walk(cut(moved, *slots), by_norm=by_norm)
    rows = moved[:, :-1]
    cut(rows, 0, walking).scatter_(1, order.class_of, cut(moved, 0, walking)[:, -1:])
    return Moves(rows, place)


def groups(ends: list[int], largest: int) -> Iterator[tuple[int, int]]:
    """(first, last + 1) of slots that walk together: with some examples and at most `largest`, or one slot."""
    first = 0
    for last in range(1, len(ends)):
        if last + 1 == len(ends) or ends[last + 1] - ends[first] > largest:
            if ends[first] < ends[last]:
                yield first, last
            first = last


def cut(values: Tensor, first: int, end: int) -> Tensor:
    """values[first:end]; a view of all would be one operation more."""
    return values if first == 0 and end == values.shape[0] else values[first:end]


def shifted(indices: Tensor, first: int) -> Tensor:
    """Indices counted from `first` on."""
    return indices - first if first else indices


class Group:
    """Slots that walk together. The examples' rows [E, C] may change."""

    def __init__(
        self, rows: Tensor, labels: Tensor, *, place: Tensor, starts: Tensor, stride: Tensor, steps: list[int]
    ) -> None:
        self.place, self.starts, self.stride, self.steps = place, starts, stride, steps
        self.every = torch.arange(rows.shape[0], device=rows.device)
        self._use(rows.new_empty(rows.shape[0], rows.shape[1] + 1))
        self.scale: Tensor | None = None
        index = labels[:, None]
        own = rows.gather(1, index)
        rows.scatter_(1, index, -torch.inf)
        largest = rows.amax(1, keepdim=True)
        margin = own - largest
        if not margin.amax().item() <= MILD:
            rows = with_softmax(rows).scatter(1, index, -torch.inf)
            largest = rows.amax(1, keepdim=True)
            margin = self._scaled(own - largest, (rows - largest).logsumexp(1, keepdim=True))
        self.start = torch.empty_like(self.here) if steps[0] > 1 else self.here
        torch.sub(rows, largest, out=self.start[:, :-1])
        self.start[:, -1:] = margin
        torch.exp(self.start, out=self.here)
        self.sums = self.others.sum(1)

    def _scaled(self, margin: Tensor, log_sums: Tensor) -> Tensor:
        """y + r of margins y and log s, each [E, 1], of which some y is large."""
        log_wrong = functional.logsigmoid(log_sums - margin).squeeze(1)
        lowest = log_wrong.new_full((len(self.steps),), -torch.inf)
        self.log_scale = lowest.scatter_reduce_(0, self.place, log_wrong, "amax")
        log_scale = self.log_scale.index_select(0, self.place)
        self.scale = log_scale.exp()
        return margin + log_scale[:, None]

    def _use(self, here: Tensor) -> None:
        """Take a matrix for where the examples are: exponentials of the wrong classes, and of the label."""
        self.here, self.others, self.own = here, here[:, :-1], here[:, -1]

    def walk(self, moved: Tensor, *, by_norm: bool) -> None:
        """All steps of the slots, into `moved` [M, C + 1]."""
        if not by_norm:
            scale = 1.0 if self.scale is None else self.log_scale.exp()
            self.stride = self.stride * (scale / self.starts.diff().to(moved.dtype))[:, None]
        torch.mul(*self._step(by_norm), out=moved)
        walking = len(self.steps)
        for k in range(1, self.steps[0]):
            walking = self._stop(walking, k)
            moved = cut(moved, 0, self.stride.shape[0])
            torch.index_select(moved, 0, self.place, out=self.here)
            self.here.add_(self.start).exp_()
            self.sums = self.others.sum(1)
            moved.addcmul_(*self._step(by_norm))

    def _step(self, by_norm: bool) -> tuple[Tensor, Tensor]:
        """[M, 1] and [M, C + 1]: the step is their product."""
        odds = self.sums if self.scale is None else self.sums * self.scale
        weight = odds.add(self.own).reciprocal_()
        torch.neg(self.sums, out=self.own)
        gradient, *_ = torch.embedding_bag(
            self.here, self.every, self.starts, per_sample_weights=weight, include_last_offset=True
        )
        if by_norm:
            return self.stride / torch.linalg.vector_norm(gradient, dim=1, keepdim=True), gradient
        return self.stride, gradient

    def _stop(self, walking: int, k: int) -> int:
        """Stop the slots, of those that walk, that have done all their `k` steps; how many go on."""
        going = walking
        while self.steps[going - 1] <= k:
            going -= 1
        if 2 * going <= self.stride.shape[0]:
            self._keep(going, int(self.starts[going]))
        elif going < walking:
            self.stride = self.stride.clone()
            self.stride[going:].zero_()
        return going

    def _keep(self, slots: int, examples: int) -> None:
        """Go on with the first slots and examples alone."""
        self.starts, self.stride = self.starts[: slots + 1], self.stride[:slots]
        self.place, self.every, self.start = self.place[:examples], self.every[:examples], self.start[:examples]
        self.scale = None if self.scale is None else self.scale[:examples]
        self._use(self.here[:examples])
