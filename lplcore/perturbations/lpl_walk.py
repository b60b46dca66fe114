"""LPL's PGD-like walk (Algorithm 1), all classes of a batch at once.

N examples, C classes, S slots. A slot stands for one class of the batch: slot c is class c where C <= N; with more
classes than examples the slots are the at most N classes that occur, so that the work is O(N C) however large C is. All
shapes are fixed by N and C, nothing is read back to the host, and no loop runs over classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.perturbations import PerturbationInput, PerturbationOutput
from lplcore.perturbations.lpl_bounds import CountBounds, DynamicBounds, Performance, head_mask
from lplcore.statistics import ClassStatistics

if TYPE_CHECKING:
    from lplcore.perturbations.lpl import Lpl

RUNNING_MOMENTUM = 0.9


class Slots(NamedTuple):
    """The classes of a batch."""

    of_example: Tensor
    """[N] slot of each example."""
    class_of: Tensor
    """[S] class of each slot (0 where the slot is empty)."""
    size: Tensor
    """[S] examples in each slot, at least 1 so that it can divide."""
    present: Tensor
    """[S] bool, whether any example is in the slot."""

    def mean(self, values: Tensor) -> Tensor:
        """Mean of per-example values [N, ...] over each slot's examples, [S, ...]."""
        total = values.new_zeros((self.size.shape[0], *values.shape[1:])).index_add(0, self.of_example, values)
        return total / self.size.to(values.dtype).reshape(-1, *(1,) * (values.dim() - 1))

    def to_classes(self, values: Tensor, num_classes: int) -> Tensor:
        """Slot values [S] as class values [C], NaN for classes that are not in the batch."""
        target = torch.where(self.present, self.class_of, num_classes)
        return values.new_full((num_classes + 1,), float("nan")).scatter(0, target, values)[:num_classes]


def slots_of(labels: Tensor, num_classes: int) -> Slots:
    """Slots of labels [N]."""
    if num_classes <= labels.shape[0]:
        of_example, class_of = labels, torch.arange(num_classes, device=labels.device)
    else:
        ordered, order = torch.sort(labels, stable=True)
        starts = functional.pad((ordered[1:] != ordered[:-1]).long(), (1, 0))
        of_example = torch.zeros_like(labels).scatter(0, order, starts.cumsum(0))
        class_of = torch.zeros_like(labels).scatter(0, of_example, labels)
    size = torch.zeros_like(class_of).index_add(0, of_example, torch.ones_like(labels))
    return Slots(of_example, class_of, size.clamp(min=1), size > 0)


class LplWalk(nn.Module):
    """The perturbation module of LPL."""

    sign: Tensor
    q_running: Tensor
    q_seen: Tensor

    def __init__(self, options: Lpl, statistics: ClassStatistics, *, bounds: CountBounds | DynamicBounds) -> None:
        super().__init__()
        self.options, self.bounds = options, bounds
        self.num_classes = statistics.num_classes
        if options.threshold != "mean":
            head = head_mask(statistics, options.threshold)
            self.register_buffer("sign", torch.tensor([-1.0 if h else 1.0 for h in head]), persistent=False)
        if options.q_estimate == "running":
            self.register_buffer("q_running", torch.zeros(self.num_classes))
            self.register_buffer("q_seen", torch.zeros(self.num_classes, dtype=torch.bool))

    def forward(self, given: PerturbationInput) -> PerturbationOutput:
        """The walk's sum per example, [N, C], and q, epsilon and sign per class, [C]."""
        if given.labels.shape[0] == 0:
            return PerturbationOutput(torch.zeros_like(given.logits), {})
        slots = slots_of(given.labels, self.num_classes)
        with torch.no_grad():
            performance = self._performance(given, slots)
            sign = self._sign(slots, performance)
            steps = self.bounds(slots.class_of, performance)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.options.detach):
            delta = self._walk(given, slots, sign=sign, count=steps.number, length=steps.length)
        observed = {"lpl/q": performance.q, "lpl/epsilon": steps.epsilon, "lpl/sign": sign}
        by_class = {name: slots.to_classes(value, self.num_classes) for name, value in observed.items()}
        return PerturbationOutput(delta[slots.of_example], by_class)

    def _performance(self, given: PerturbationInput, slots: Slots) -> Performance:
        """q_c (Eq. 28) of the raw logits and tau."""
        true_log = functional.log_softmax(given.raw_logits, dim=1).gather(1, given.labels[:, None]).squeeze(1)
        q = slots.mean(true_log.exp())
        if self.options.q_estimate == "batch":
            return Performance(q, self._tau(q, slots.present), slots.present, slots.class_of, q, slots.present)
        estimate, seen = self._average(slots, q, update=given.update)
        classes = torch.arange(self.num_classes, device=q.device)
        return Performance(estimate[slots.class_of], self._tau(estimate, seen), slots.present, classes, estimate, seen)

    def _average(self, slots: Slots, q: Tensor, *, update: bool) -> tuple[Tensor, Tensor]:
        fresh = slots.to_classes(q, self.num_classes)
        present = ~fresh.isnan()
        old = self.q_running.to(q.dtype)
        mixed = torch.where(self.q_seen, RUNNING_MOMENTUM * old + (1 - RUNNING_MOMENTUM) * fresh, fresh)
        estimate, seen = torch.where(present, mixed, old), self.q_seen | present
        if update:
            self.q_running.copy_(estimate)
            self.q_seen.copy_(seen)
        return estimate, seen

    def _tau(self, q: Tensor, present: Tensor) -> Tensor:
        if self.options.threshold != "mean":
            return q.new_full((), self.options.threshold)
        total = torch.where(present, q, 0.0).sum()
        return total / (self.num_classes if self.options.tau_over == "all" else present.sum())

    def _sign(self, slots: Slots, performance: Performance) -> Tensor:
        if self.options.split == "class_rank":
            return self.sign[slots.class_of].to(performance.q.dtype)
        return torch.sign(performance.tau - performance.q)

    def _walk(self, given: PerturbationInput, slots: Slots, *, sign: Tensor, count: Tensor, length: Tensor) -> Tensor:
        start = given.logits.detach() if self.options.detach else given.logits
        delta = start.new_zeros((slots.size.shape[0], self.num_classes))
        resign = self.options.resign_every_step and self.options.split == "performance"
        for k in range(self.bounds.max_steps):
            z = start + delta[slots.of_example] if k else start
            probabilities = functional.softmax(z, dim=1)
            if resign:
                q = slots.mean(probabilities.detach().gather(1, given.labels[:, None]).squeeze(1))
                sign = torch.sign(self._tau(q, slots.present) - q)
            gradient = close_rows(slots.mean(probabilities), slots.class_of)
            direction = self._normalized(gradient, slots)
            step = torch.where(count > k, sign * length, 0.0)
            delta = delta + step[:, None] * direction
        return delta

    def _normalized(self, gradient: Tensor, slots: Slots) -> Tensor:
        tiny = torch.finfo(gradient.dtype).tiny
        if self.options.normalize == "none":
            return gradient
        if self.options.normalize == "column":
            squares = gradient.square().sum(0)[slots.class_of]
            return gradient / squares.clamp(min=tiny).sqrt()[:, None]
        # Scaling first keeps the squares of a nearly vanished gradient from underflowing.
        scaled = gradient / gradient.detach().abs().amax(dim=1, keepdim=True).clamp(min=tiny)
        return scaled / scaled.square().sum(dim=1, keepdim=True).clamp(min=tiny).sqrt()


def close_rows(means: Tensor, class_of: Tensor) -> Tensor:
    """Mean softmax [S, C] minus the one-hot class, its own entry as minus the sum of the others (no cancellation)."""
    index = class_of[:, None]
    others = means.scatter(1, index, 0.0)
    return others.scatter(1, index, -others.sum(dim=1, keepdim=True))
