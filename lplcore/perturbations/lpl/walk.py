"""LPL's PGD-like walk (Algorithm 1), all classes of a batch at once.

N examples, C classes, S slots (see `lplcore.frame.class_slots`). All shapes are fixed by N and C, nothing is read back
to the host, and no loop runs over classes.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.class_slots import Slots, slots_of
from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.vmap_levels import take_in, untraced
from lplcore.perturbations import CriterionInput, PerturbationOutput
from lplcore.perturbations.lpl.bounds import CountBounds, DynamicBounds, Performance, Plan, head_mask
from lplcore.perturbations.lpl.gradient import ClassGradient, SplitLogits, class_gradient
from lplcore.perturbations.lpl.in_place import walk_in_place
from lplcore.perturbations.lpl.options import LplOptions

RUNNING_MOMENTUM = 0.9


class LplWalk(nn.Module):
    """The perturbation module of LPL."""

    needs_batch: ClassVar[str] = "the batch's other examples of its class, whose mean gradient LPL walks along"
    sign: Tensor
    q_running: Tensor
    q_seen: Tensor

    def __init__(
        self, options: LplOptions, statistics: ClassStatistics, *, bounds: CountBounds | DynamicBounds
    ) -> None:
        super().__init__()
        self.options, self.bounds = options, bounds
        self.num_classes, self.num_counted = statistics.num_classes, statistics.num_counted
        self.resigns = options.resign_every_step and options.split == "performance"
        self.may_be_in_place = options.detach and options.normalize != "column" and not self.resigns
        if options.threshold != "mean":
            head = head_mask(statistics, options.threshold)
            self.register_buffer("sign", torch.tensor([-1.0 if h else 1.0 for h in head]), persistent=False)
        if options.q_estimate == "running":
            self.register_buffer("q_running", torch.zeros(self.num_classes, dtype=torch.float32))
            self.register_buffer("q_seen", torch.zeros(self.num_classes, dtype=torch.bool))

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The walk's sum per example, [N, C], and q, epsilon and sign per class, [C]."""
        if inputs.labels.shape[0] == 0:
            return PerturbationOutput(torch.zeros_like(inputs.logits), {})
        slots = slots_of(inputs.labels, self.num_classes, inputs.included)
        with torch.no_grad():
            performance = self._performance(inputs, slots)
            sign = self._sign(slots, performance)
            steps = self.bounds(slots.class_of, performance)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.options.detach):
            walking = torch.where(slots.present, steps.number, 0.0)
            delta = self._walk(inputs, slots, Plan(sign * steps.length, steps.length, walking))
        observed = {"lpl/q": performance.q, "lpl/epsilon": steps.epsilon, "lpl/sign": sign}
        by_class = {name: slots.to_classes(value, self.num_classes) for name, value in observed.items()}
        return PerturbationOutput(delta, by_class)

    def _performance(self, inputs: CriterionInput, slots: Slots) -> Performance:
        """q_c (Eq. 28) of the raw logits and tau."""
        true_log = functional.log_softmax(inputs.raw_logits, dim=1).gather(1, inputs.labels[:, None]).squeeze(1)
        q = slots.mean(true_log.exp())
        if self.options.q_estimate == "batch":
            return Performance(q, self._tau(q, slots.present), slots.present, slots.class_of, q, slots.present)
        estimate, seen = self._average(slots, q, update=inputs.update)
        classes = torch.arange(self.num_classes, device=q.device)
        return Performance(estimate[slots.class_of], self._tau(estimate, seen), slots.present, classes, estimate, seen)

    def _average(self, slots: Slots, q: Tensor, *, update: bool) -> tuple[Tensor, Tensor]:
        fresh = slots.to_classes(q, self.num_classes)
        present = ~fresh.isnan()
        old = self.q_running.to(q.dtype)
        mixed = torch.where(self.q_seen, RUNNING_MOMENTUM * old + (1 - RUNNING_MOMENTUM) * fresh, fresh)
        estimate, seen = torch.where(present, mixed, old), self.q_seen | present
        if update:
            take_in(self.q_running.copy_, estimate)
            take_in(self.q_seen.copy_, seen)
        return estimate, seen

    def _tau(self, q: Tensor, present: Tensor) -> Tensor:
        if self.options.threshold != "mean":
            return q.new_full((), self.options.threshold)
        total = torch.where(present, q, 0.0).sum()
        number = present.sum()
        # A batch may hold classes that the training set lacks.
        return total / (number.clamp(min=self.num_counted) if self.options.tau_over == "all" else number)

    def _sign(self, slots: Slots, performance: Performance) -> Tensor:
        if self.options.split == "class_rank":
            return self.sign[slots.class_of].to(performance.q.dtype)
        return sign_of(performance.tau, performance.q)

    def _walk(self, inputs: CriterionInput, slots: Slots, plan: Plan) -> Tensor:
        """The walk's sum per example, [N, C]."""
        logits, normalize = inputs.logits.detach() if self.options.detach else inputs.logits, self.options.normalize
        if self.may_be_in_place and logits.device.type == "cpu" and untraced():
            return walk_in_place(logits, inputs.labels, slots, plan, by_norm=normalize == "row")
        start = SplitLogits.of(logits, inputs.labels)
        others, own = self._together(start, slots, plan) if normalize == "column" else self._steps(start, slots, plan)
        return others.scatter(1, slots.class_of[:, None], own[:, None])[slots.of_example]

    def _steps(self, start: SplitLogits, slots: Slots, plan: Plan) -> tuple[Tensor, Tensor]:
        """What all steps add: [S, C] beside the slots' own classes, and [S] at them."""
        own = start.own.new_zeros(slots.size.shape)
        others = start.own.new_zeros((*slots.size.shape, self.num_classes))
        for k in range(self.bounds.max_steps):
            here = start.moved(others[slots.of_example], own[slots.of_example]) if k else start
            step, gradient = self._step(here, slots, plan)
            step = torch.where(plan.number > k, step, 0.0)
            others = torch.addcmul(others, step[:, None], gradient.others)
            own = torch.addcmul(own, step, gradient.total, value=-1)
        return others, own

    def _together(self, start: SplitLogits, slots: Slots, plan: Plan) -> tuple[Tensor, Tensor]:
        """As `_steps` from the first, as released: all classes walk on, and each keeps what it had when it arrived.

        A column's norm depends on the other classes, those that have arrived included.
        """
        own = kept_own = start.own.new_zeros(slots.size.shape)
        others = kept_others = start.own.new_zeros((*slots.size.shape, self.num_classes))
        for k in range(self.bounds.max_steps):
            here = start.moved(others[slots.of_example], own[slots.of_example]) if k else start
            step, gradient = self._step(here, slots, plan)
            others = torch.addcmul(others, step[:, None], gradient.others)
            own = torch.addcmul(own, step, gradient.total, value=-1)
            going = plan.number > k
            kept_others, kept_own = torch.where(going[:, None], others, kept_others), torch.where(going, own, kept_own)
        return kept_others, kept_own

    def _step(self, here: SplitLogits, slots: Slots, plan: Plan) -> tuple[Tensor, ClassGradient]:
        """[S] signed length over the norm, and the gradient that it goes along."""
        share, log_odds = here.wrong()
        stride = plan.stride
        if self.resigns:
            q = slots.mean(log_odds.detach().neg().sigmoid())
            stride = sign_of(self._tau(q, slots.present), q) * plan.length
        gradient = class_gradient(share, log_odds, slots)
        return stride * self._factor(gradient, slots), gradient

    def _factor(self, gradient: ClassGradient, slots: Slots) -> Tensor:
        """[S] what turns the scaled gradient into the direction to walk."""
        if self.options.normalize == "row":
            return 1 / gradient.row_norms()
        if self.options.normalize == "none":
            return gradient.scale(slots)
        return gradient.scale(slots) / gradient.column_norms(slots)


def sign_of(tau: Tensor, q: Tensor) -> Tensor:
    """sign(tau - q), 0 where they differ by rounding alone (classes whose examples are all equally likely)."""
    difference = tau - q
    return torch.where(difference.abs() <= 8 * torch.finfo(q.dtype).eps * tau, 0.0, torch.sign(difference))
