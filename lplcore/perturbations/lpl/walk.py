"""LPL's PGD-like walk (Algorithm 1), all classes of a batch at once.

N examples, C classes, S slots (see `lplcore.frame.class_slots`). All shapes are fixed by N and C, nothing is read back
to the host, and no loop runs over classes.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.device import host_sees
from lplcore.frame.class_slots import Slots, slots_of, slots_of_classes
from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.vmap_levels import take_in, untraced
from lplcore.perturbations import CriterionInput, PerturbationOutput
from lplcore.perturbations.lpl import kernel
from lplcore.perturbations.lpl.bounds import CountBounds, DynamicBounds, Performance, Plan, Steps, head_mask
from lplcore.perturbations.lpl.gradient import ClassGradient, SplitLogits, class_gradient
from lplcore.perturbations.lpl.in_place import Order, walk_in_place
from lplcore.perturbations.lpl.options import LplOptions

RUNNING_MOMENTUM = 0.9
OBSERVATIONS = ("lpl/q", "lpl/epsilon", "lpl/sign")


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
        # Else gradients run through the walk, or its classes depend on each other.
        self.may_be_in_place = options.detach and options.normalize != "column" and not self.resigns
        running = options.q_estimate == "running"
        self.judges = running or options.split == "performance" or isinstance(bounds, DynamicBounds)
        self.orders: dict[torch.dtype, Order] = {}
        if options.threshold != "mean":
            head = head_mask(statistics, options.threshold)
            self.register_buffer("sign", torch.tensor([-1.0 if h else 1.0 for h in head]), persistent=False)
            if isinstance(bounds, CountBounds):
                self.orders = {kind: class_order(bounds, self.sign, kind) for kind in (torch.float32, torch.float64)}
        if running:
            self.register_buffer("q_running", torch.zeros(self.num_classes, dtype=torch.float32))
            self.register_buffer("q_seen", torch.zeros(self.num_classes, dtype=torch.bool))

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The walk's sum per example, [N, C]; q, epsilon and sign per class, [C], for who reads them."""
        if inputs.labels.shape[0] == 0:
            return PerturbationOutput(torch.zeros_like(inputs.logits), {})
        if self.may_be_in_place and kernel.usable(inputs.logits):
            with torch.no_grad():
                return self._judged_kernel(inputs) if self.judges else self._kernel(inputs)
        in_place = self.may_be_in_place and host_sees(inputs.logits) and untraced()
        kind = inputs.logits.dtype
        if in_place and self.orders and not (self.judges or inputs.observing):
            return PerturbationOutput(self._in_place(inputs, self.orders[kind], self._labels(inputs)), {})
        slots = slots_of(inputs.labels, self.num_classes, inputs.included)
        with torch.no_grad():
            performance = self._performance(inputs, slots) if self.judges or inputs.observing else None
            sign, steps = self._sign(slots, performance, kind), self._bounds(slots, performance, kind)
            plan = Plan(sign * steps.length, steps.length, torch.where(slots.present, steps.number, 0.0))
        if not in_place:
            delta = self._walk(inputs, slots, plan)
        elif self.orders:
            delta = self._in_place(inputs, self.orders[kind], self._labels(inputs))
        else:
            delta = self._in_place(inputs, Order.of(slots.class_of, plan.stride, plan.number), slots.of_example)
        if performance is None:
            return PerturbationOutput(delta, {})
        observed = zip(OBSERVATIONS, (performance.q, steps.epsilon, sign), strict=True)
        return PerturbationOutput(delta, {name: slots.to_classes(value, self.num_classes) for name, value in observed})

    def judged(self, q: Tensor, *, update: bool = False) -> tuple[Performance, Tensor, Steps]:
        """tau, signs and steps of all classes by their q [C], NaN for absent classes."""
        slots = slots_of_classes(q == q)
        performance = self._judge(q, slots, q, update=update)
        return performance, self._sign(slots, performance, q.dtype), self._bounds(slots, performance, q.dtype)

    def _kernel(self, inputs: CriterionInput) -> PerturbationOutput:
        """All by the kernel: signs and steps are tables."""
        assert isinstance(self.bounds, CountBounds)
        steps, by_norm = self.bounds.tables(), self.options.normalize == "row"
        delta, observed = kernel.walk(inputs, self.sign, steps, by_norm=by_norm, observing=inputs.observing)
        return PerturbationOutput(delta, {} if observed is None else dict(zip(OBSERVATIONS, observed, strict=True)))

    def _judged_kernel(self, inputs: CriterionInput) -> PerturbationOutput:
        """The kernel's q, signs and steps of all classes by it, and the kernel's walk."""
        performance, sign, steps = self.judged(kernel.class_means(inputs), update=inputs.update)
        delta, _ = kernel.walk(inputs, sign, steps, by_norm=self.options.normalize == "row", observing=False)
        if not inputs.observing:
            return PerturbationOutput(delta, {})
        values = torch.where(performance.present, torch.stack((performance.q, steps.epsilon, sign)), torch.nan)
        return PerturbationOutput(delta, dict(zip(OBSERVATIONS, values, strict=True)))

    def _labels(self, inputs: CriterionInput) -> Tensor:
        """[N] slots of `orders`: the classes, and one for what is ignored."""
        if inputs.included is None:
            return inputs.labels
        return torch.where(inputs.included, inputs.labels, self.num_classes)

    def _in_place(self, inputs: CriterionInput, order: Order, slot: Tensor) -> Tensor:
        row = self.options.normalize == "row"
        return walk_in_place(inputs.logits, inputs.labels, order, slot, by_norm=row, reach=self.bounds.reach)

    def _performance(self, inputs: CriterionInput, slots: Slots) -> Performance:
        """q_c (Eq. 28) of the raw logits and tau."""
        true_log = functional.log_softmax(inputs.raw_logits, dim=1).gather(1, inputs.labels[:, None]).squeeze(1)
        q = slots.mean(true_log.exp())
        fresh = slots.to_classes(q, self.num_classes) if self.options.q_estimate == "running" else None
        return self._judge(q, slots, fresh, update=inputs.update)

    def _judge(self, q: Tensor, slots: Slots, fresh: Tensor | None, *, update: bool) -> Performance:
        """By q of the slots [S] and, for an average over batches, of the classes [C], NaN where they are absent."""
        if self.options.q_estimate == "batch":
            return Performance(q, self._tau(q, slots.present), slots.present, slots.class_of, q, slots.present)
        assert fresh is not None
        estimate, seen = self._average(fresh, update=update)
        classes = torch.arange(self.num_classes, device=q.device)
        return Performance(estimate[slots.class_of], self._tau(estimate, seen), slots.present, classes, estimate, seen)

    def _average(self, fresh: Tensor, *, update: bool) -> tuple[Tensor, Tensor]:
        present = ~fresh.isnan()
        old = self.q_running.to(fresh.dtype)
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

    def _sign(self, slots: Slots, performance: Performance | None, dtype: torch.dtype) -> Tensor:
        if self.options.split == "class_rank":
            return self.sign.index_select(0, slots.class_of).to(dtype)
        assert performance is not None
        return sign_of(performance.tau, performance.q)

    def _bounds(self, slots: Slots, performance: Performance | None, dtype: torch.dtype) -> Steps:
        if isinstance(self.bounds, CountBounds):
            steps: Steps = self.bounds(slots.class_of, dtype)
        else:
            steps = self.bounds(slots.class_of, performance)
        return steps

    def _walk(self, inputs: CriterionInput, slots: Slots, plan: Plan) -> Tensor:
        """The walk's sum per example, [N, C]."""
        logits = inputs.logits.detach() if self.options.detach else inputs.logits
        start, together = SplitLogits.of(logits, inputs.labels), self.options.normalize == "column"
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.options.detach):
            others, own = self._together(start, slots, plan) if together else self._steps(start, slots, plan)
        return others.scatter(1, slots.class_of[:, None], own[:, None])[slots.of_example]

    def _steps(self, start: SplitLogits, slots: Slots, plan: Plan, *, first: int = 0) -> tuple[Tensor, Tensor]:
        """What the steps from `first` on add: [S, C] beside the slots' own classes, and [S] at them."""
        own = start.own.new_zeros(slots.size.shape)
        others = start.own.new_zeros((*slots.size.shape, self.num_classes))
        alone = host_sees(start.own) and not self.resigns and untraced()
        for k in range(first, self.bounds.max_steps):
            here = start.moved(others[slots.of_example], own[slots.of_example]) if k > first else start
            if alone and plan.mostly_done(k):
                return self._without_arrived(here, slots, plan, (others, own), k=k)
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

    def _without_arrived(
        self, here: SplitLogits, slots: Slots, plan: Plan, done: tuple[Tensor, Tensor], *, k: int
    ) -> tuple[Tensor, Tensor]:
        """Steps from `k` on of the classes that still walk; the CPU waits for no device to say which they are."""
        walking = torch.nonzero(plan.number > k).squeeze(1)
        if walking.numel() == 0:
            return done
        examples = torch.nonzero((plan.number > k)[slots.of_example]).squeeze(1)
        others, own = self._steps(here.at(examples), slots.at(walking, examples), plan.at(walking), first=k)
        return done[0].index_add(0, walking, others), done[1].index_add(0, walking, own)

    def _factor(self, gradient: ClassGradient, slots: Slots) -> Tensor:
        """[S] what turns the scaled gradient into the direction to walk."""
        if self.options.normalize == "row":
            return 1 / gradient.row_norms()
        if self.options.normalize == "none":
            return gradient.scale(slots)
        return gradient.scale(slots) / gradient.column_norms(slots)


def class_order(bounds: CountBounds, sign: Tensor, dtype: torch.dtype) -> Order:
    """The classes in the order of their steps, and a last slot for what is ignored."""
    stride = (sign * bounds.length).to(dtype)
    columns = (torch.arange(sign.shape[0], device="cpu"), stride.cpu(), bounds.count.cpu())
    return Order.of(*(functional.pad(column, (0, 1)) for column in columns))


def sign_of(tau: Tensor, q: Tensor) -> Tensor:
    """sign(tau - q), 0 where they differ by rounding alone (classes whose examples are all equally likely)."""
    difference = tau - q
    return torch.where(difference.abs() <= 8 * torch.finfo(q.dtype).eps * tau, 0.0, torch.sign(difference))
