"""LPL's walk in place, for the CPU: that of `walk`, in fewer operations and fewer passes over memory.

N examples, C classes, S slots. The slots are sorted by their number of steps, so that those that still walk are always
the first; they walk in groups that fit the processor's cache. A group has M slots and E examples. Its matrices have
C + 1 columns: the wrong classes (nothing at the label), then the label.

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

from lplcore.frame.class_slots import Slots
from lplcore.frame.masked_classes import with_softmax
from lplcore.perturbations.lpl.bounds import Plan

REACH = 8.0
"""How far a class walks from where its logits are compared with, at most; exp(4 * REACH) is far from overflow."""
CACHED = 2**16
"""Entries of a group's matrix, if it has more than one slot: a handful of matrices stays in the cache."""


def walk_in_place(logits: Tensor, labels: Tensor, slots: Slots, plan: Plan, *, by_norm: bool) -> Tensor:
    """The walk's sum per example, [N, C]; `by_norm` steps along the direction alone, else along Eq. 31 as printed."""
    longest, most = plan.length.amax().item(), plan.number.amax().item()
    if not longest * most > REACH:
        return leg(logits, labels, slots, plan, by_norm=by_norm)
    steps = max(int(REACH / longest), 1)
    delta = torch.zeros_like(logits)
    for first in range(0, int(most), steps):
        part = plan._replace(number=(plan.number - first).clamp(0, steps))
        delta += leg(logits + delta, labels, slots, part, by_norm=by_norm)
    return delta


class Order(NamedTuple):
    """The slots that walk, those of most steps first, and their examples in the same order. W such slots."""

    slots: Tensor
    """[W] indices of the slots."""
    steps: list[int]
    """W numbers of steps."""
    examples: Tensor
    """Indices of the examples; those of slots that do not walk are last."""
    place: Tensor
    """Where the slots of these examples stand in `slots`."""
    ends: list[int]
    """W + 1 positions in `examples`: where slots begin and the last one ends."""
    row: Tensor
    """[N] the same for all examples in their own order; W for those that do not walk."""

    @classmethod
    def of(cls, slots: Slots, plan: Plan) -> "Order":
        """The order of a plan's slots."""
        number, by_steps = plan.number.nan_to_num().sort(descending=True, stable=True)
        steps = [int(count) for count in number.tolist() if count > 0]
        place = torch.empty_like(by_steps).scatter_(0, by_steps, torch.arange(by_steps.shape[0]))
        row = place.index_select(0, slots.of_example).clamp_(max=len(steps))
        in_order, examples = row.sort(stable=True)
        walking = by_steps[: len(steps)]
        ends = [0, *slots.size.index_select(0, walking).cumsum(0).tolist()]
        return cls(walking, steps, examples, in_order, ends, row)

    def groups(self, largest: int) -> Iterator[tuple[int, int]]:
        """(first, last + 1) of slots that walk together: with at most `largest` examples, or one slot."""
        first = 0
        for last in range(1, len(self.steps) + 1):
            if last == len(self.steps) or self.ends[last + 1] - self.ends[first] > largest:
                yield first, last
                first = last


def leg(logits: Tensor, labels: Tensor, slots: Slots, plan: Plan, *, by_norm: bool) -> Tensor:
    """`walk_in_place` over a distance of REACH, or one step."""
    order = Order.of(slots, plan)
    classes, walking = logits.shape[1], len(order.steps)
    moved = logits.new_empty(walking + 1, classes + 1)
    moved[walking].zero_()
    stride, starts = plan.stride.index_select(0, order.slots)[:, None], torch.tensor(order.ends)
    sizes = None if by_norm else slots.size.index_select(0, order.slots)[:, None]
    for first, last in order.groups(CACHED // classes):
        examples = slice(order.ends[first], order.ends[last])
        chosen = order.examples[examples]
        group = Group(
            logits.index_select(0, chosen),
            labels.index_select(0, chosen),
            place=order.place[examples] - first,
            starts=starts[first : last + 1] - order.ends[first],
            stride=stride[first:last].clone(),
            moved=moved[first:last],
        )
        if sizes is not None:
            group.fix_scale(sizes[first:last])
        group.walk(order.steps[first:last])
    own_class = slots.class_of.index_select(0, order.slots)[:, None]
    moved[:walking, :-1].scatter_(1, own_class, moved[:walking, -1:])
    return moved[:, :-1].index_select(0, order.row)


class Group:
    """Slots that walk together. The examples' rows [E, C] become the matrix of the start."""

    def __init__(
        self, rows: Tensor, labels: Tensor, *, place: Tensor, starts: Tensor, stride: Tensor, moved: Tensor
    ) -> None:
        self.place, self.starts, self.stride, self.moved = place, starts, stride, moved
        self.every = torch.arange(rows.shape[0])
        self.fixed: Tensor | None = None
        self.start, self.here = rows.new_empty(2, rows.shape[0], rows.shape[1] + 1).unbind()
        self.here_others, self.here_own = self.here[:, :-1], self.here[:, -1]
        own = self.start[:, -1:]
        index = labels[:, None]
        torch.gather(rows, 1, index, out=own)
        rows.scatter_(1, index, -torch.inf)
        largest = rows.amax(1, keepdim=True)
        if largest.amin().item() == -torch.inf:
            rows = with_softmax(rows).scatter(1, index, -torch.inf)
            largest = rows.amax(1, keepdim=True)
        torch.sub(rows, largest, out=self.start[:, :-1])
        own.sub_(largest)
        self._scale(own.squeeze(1))

    def _scale(self, own: Tensor) -> None:
        """Take the classes' scales from the start; the examples are there."""
        torch.exp(self.start[:, :-1], out=self.here_others)
        self.sums = self.here_others.sum(1)
        log_wrong = functional.logsigmoid(self.sums.log().sub_(own))
        lowest = own.new_full((self.moved.shape[0],), -torch.inf)
        self.log_scale = lowest.scatter_reduce_(0, self.place, log_wrong, "amax")
        log_scale = self.log_scale.index_select(0, self.place)
        own += log_scale
        torch.exp(own, out=self.here_own)
        self.scale = log_scale.exp_()

    def fix_scale(self, sizes: Tensor) -> None:
        """Walk along the mean gradient itself and not its direction; `sizes` [M, 1] are the examples of the slots."""
        self.fixed = self.log_scale.exp()[:, None] / sizes

    def walk(self, steps: list[int]) -> None:
        """All steps of the slots, into `moved` [M, C + 1]."""
        torch.mul(*self._step(), out=self.moved)
        walking = len(steps)
        for k in range(1, steps[0]):
            before = walking
            while steps[walking - 1] <= k:
                walking -= 1
            if 2 * walking <= self.moved.shape[0]:
                self._keep(walking)
            elif walking < before:
                self.stride[walking:before].zero_()
            self._go_on()
            self.moved.addcmul_(*self._step())

    def _step(self) -> tuple[Tensor, Tensor]:
        """Signed length over the norm [M, 1] and the scaled gradient [M, C + 1] that a step goes along."""
        weight = torch.addcmul(self.here_own, self.sums, self.scale).reciprocal_()
        torch.neg(self.sums, out=self.here_own)
        gradient, *_ = torch.embedding_bag(
            self.here, self.every, self.starts, per_sample_weights=weight, include_last_offset=True
        )
        if self.fixed is not None:
            return self.stride * self.fixed, gradient
        return self.stride / torch.linalg.vector_norm(gradient, dim=1, keepdim=True), gradient

    def _go_on(self) -> None:
        """Exponentials and their sums where the examples are now."""
        torch.index_select(self.moved, 0, self.place, out=self.here)
        self.here.add_(self.start).exp_()
        self.sums = self.here_others.sum(1)

    def _keep(self, slots: int) -> None:
        """Go on with the first slots alone."""
        examples = int(self.starts[slots])
        self.starts, self.moved, self.stride = self.starts[: slots + 1], self.moved[:slots], self.stride[:slots]
        self.place, self.every, self.scale = self.place[:examples], self.every[:examples], self.scale[:examples]
        self.start, self.here = self.start[:examples], self.here[:examples]
        self.here_others, self.here_own = self.here[:, :-1], self.here[:, -1]
        self.fixed = None if self.fixed is None else self.fixed[:slots]
