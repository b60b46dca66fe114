"""LPL's bounds epsilon_c (Eq. 33) and the steps they allow (Algorithm 1, line 2)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations.lpl.options import LplOptions


class Performance(NamedTuple):
    """q of the classes that have an estimate, and the threshold. S slots (see `lpl_walk`), E estimates."""

    q: Tensor
    """[S] q of each slot's class."""
    tau: Tensor
    """Scalar threshold."""
    present: Tensor
    """[S] bool, whether the slot holds a class of this batch."""
    estimated_class: Tensor
    """[E] class of each estimate."""
    estimate: Tensor
    """[E] q of each estimate."""
    estimated: Tensor
    """[E] bool, whether the estimate exists."""


class Steps(NamedTuple):
    """How far each slot walks."""

    epsilon: Tensor
    """[S] bound epsilon_c."""
    number: Tensor
    """[S] number of steps K_c (whole numbers)."""
    length: Tensor
    """[S] length of one step."""


class Plan(NamedTuple):
    """How the slots walk, each [S]."""

    stride: Tensor
    """Signed length of a step."""
    length: Tensor
    """Length of a step."""
    number: Tensor
    """Number of steps; empty slots take none."""

    def mostly_done(self, k: int) -> bool:
        """Whether at most half of the slots walk beyond `k` steps."""
        return 2 * int((self.number > k).sum()) <= self.number.shape[0]

    def at(self, slots: Tensor) -> "Plan":
        """The plan of some slots."""
        return Plan(self.stride[slots], self.length[slots], self.number[slots])


def rank_threshold(statistics: ClassStatistics, threshold: float) -> float:
    """tau as a rank; a threshold below 1 is a share of the classes that have examples."""
    return threshold * statistics.num_counted if threshold < 1 else threshold


def head_mask(statistics: ClassStatistics, threshold: float) -> list[bool]:
    """Which classes are head: rank <= tau."""
    tau = rank_threshold(statistics, threshold)
    cut = tau + 1e-9 if threshold < 1 else tau
    return [rank <= cut for rank in statistics.ranks]


@dataclass(frozen=True)
class StepRule:
    """Turns bounds into step counts and lengths."""

    step_size: float
    rounding: str
    num_steps: int | None

    def of(self, bounds: Tensor) -> tuple[Tensor, Tensor]:
        """(count, length) of bounds of any shape; 0.3 / 0.1 is 3 in any precision."""
        if self.num_steps is not None:
            return torch.full_like(bounds, self.num_steps), bounds / self.num_steps
        steps = torch.round(bounds / self.step_size, decimals=9 if bounds.dtype == torch.float64 else 4)
        if self.rounding == "exact":
            count = torch.ceil(steps)
            return count, bounds / count.clamp(min=1)
        count = torch.floor(steps + 0.5) if self.rounding == "nearest" else torch.floor(steps)
        return count, torch.full_like(bounds, self.step_size)


class CountBounds(nn.Module):
    """Bounds of the long-tail split from training counts: fixed when the criterion is built."""

    epsilon: Tensor
    count: Tensor
    length: Tensor

    def __init__(self, options: LplOptions, statistics: ClassStatistics, *, rule: StepRule) -> None:
        super().__init__()
        assert options.threshold != "mean"
        head = head_mask(statistics, options.threshold)
        epsilon = torch.tensor(count_bounds(options, statistics, head), dtype=torch.float64)
        count, length = rule.of(epsilon)
        self.register_buffer("epsilon", epsilon, persistent=False)
        self.register_buffer("count", count, persistent=False)
        self.register_buffer("length", length, persistent=False)
        self.max_steps, self.reach = int(count.max()), float((count * length).max())

    def forward(self, slot_class: Tensor, dtype: torch.dtype) -> Steps:
        """Bounds and steps of the slots' classes [S], from the tables."""
        return Steps(*(table[slot_class].to(dtype) for table in self.tables()))

    def tables(self) -> Steps:
        """Bounds and steps of all classes [C]."""
        return Steps(self.epsilon, self.count, self.length)


def count_bounds(options: LplOptions, statistics: ClassStatistics, head: Sequence[bool]) -> list[float]:
    """epsilon_c from counts: n_c / n_1 for head classes, n_C / n_c for tail classes, epsilon alone for empty ones."""
    largest, smallest = statistics.largest_count, statistics.smallest_count

    def bound(n: int, is_head: bool) -> float:
        if n == 0:
            return options.epsilon
        ratio = options.head_scale * n / largest if is_head else smallest / n
        return options.epsilon + options.delta_epsilon * ratio

    return [bound(n, is_head) for n, is_head in zip(statistics.class_counts, head, strict=True)]


class DynamicBounds(nn.Module):
    """Bounds that depend on the batch: the balanced split, and `bound_from="performance"`.

    `reach`, here as in `CountBounds`, is how far a class walks at most.
    """

    ranks: Tensor
    counted: Tensor
    head: Tensor

    def __init__(self, options: LplOptions, statistics: ClassStatistics, *, rule: StepRule) -> None:
        super().__init__()
        self.options, self.rule = options, rule
        threshold = options.threshold if options.split == "class_rank" and options.threshold != "mean" else 0.0
        self.register_buffer("ranks", torch.tensor(statistics.ranks), persistent=False)
        self.register_buffer("counted", statistics.counted(), persistent=False)
        self.register_buffer("head", torch.tensor(head_mask(statistics, threshold)), persistent=False)
        bound = torch.tensor(options.largest_bound(), dtype=torch.float64)
        count, length = rule.of(bound)
        self.max_steps = math.ceil(float(count))
        self.reach = float(bound) + rule.step_size
        self.fixed = (float(bound), float(count), float(length)) if options.delta_epsilon == 0 else None

    def forward(self, slot_class: Tensor, performance: Performance) -> Steps:
        """Bounds of the slots' classes [S] from this batch's q."""
        if self.fixed is not None:
            return Steps(*(performance.q.new_full(slot_class.shape, value) for value in self.fixed))
        wide = torch.float32 if performance.q.device.type == "mps" else torch.float64
        if self.options.split == "performance":
            variation = self._deviation(performance).to(wide)
        else:
            variation = self._ratio(slot_class, performance).to(wide)
        epsilon = self.options.epsilon + self.options.delta_epsilon * variation
        return Steps(*(value.to(performance.q.dtype) for value in (epsilon, *self.rule.of(epsilon))))

    def _deviation(self, performance: Performance) -> Tensor:
        difference = performance.tau - performance.q
        if not self.options.same_side_normalized:
            return difference.abs()
        size = torch.where(performance.present, difference.abs(), 0.0)
        raised = difference > 0
        largest = torch.where(raised, torch.where(raised, size, 0.0).amax(), torch.where(raised, 0.0, size).amax())
        return torch.where(largest > 0, size / largest.clamp(min=torch.finfo(size.dtype).tiny), 0.0)

    def _ratio(self, slot_class: Tensor, performance: Performance) -> Tensor:
        ranks = self.ranks[performance.estimated_class]
        usable = performance.estimated & self.counted[performance.estimated_class]
        last = self.ranks.shape[0] + 1
        # Indexing by a scalar tensor would wait for its value on the host; index_select does not.
        first = performance.estimate.index_select(0, torch.where(usable, ranks, last).argmin(0, keepdim=True))
        final = performance.estimate.index_select(0, torch.where(usable, ranks, 0).argmax(0, keepdim=True))
        head = self.head[slot_class]
        numerator = torch.where(head, performance.q, final)
        denominator = torch.where(head, first, performance.q)
        ratio = (numerator / denominator.clamp(min=torch.finfo(numerator.dtype).tiny)).clamp(0.0, 1.0)
        scaled = torch.where(head, self.options.head_scale * ratio, ratio)
        return torch.where(self.counted[slot_class], scaled, 0.0)
