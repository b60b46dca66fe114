"""Signs, bounds and steps of all classes for LPL's parameters, without a batch: what a form draws as sliders move."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations.lpl.bounds import count_bounds, head_mask, rank_threshold
from lplcore.perturbations.lpl.lpl import Lpl
from lplcore.perturbations.lpl.multi_label import number_of_steps
from lplcore.perturbations.lpl.walk import LplWalk


class ClassBounds(NamedTuple):
    """How far and which way each of C classes is perturbed; None where that depends on a q_c that is not given."""

    sign: list[int | None]
    """s_c: +1 raises the loss of the class (tail), -1 lowers it (head), 0 does neither."""
    epsilon: list[float | None]
    """Bound epsilon_c (Eq. 33)."""
    steps: list[int | None] | None
    """Number of steps K_c; None for the closed form, which takes none."""
    tau: float | None
    """The rank up to which classes are head (`class_rank`), or the q below which the loss is raised."""
    largest_epsilon: float
    """No epsilon_c is above it, whatever q."""


def class_bounds(options: Lpl, statistics: ClassStatistics, *, q: Sequence[float | None] | None = None) -> ClassBounds:
    """Signs, bounds and steps by class, as training uses them.

    Args:
        options: LPL's parameters.
        statistics: class counts and task.
        q: mean probability of the true class, C entries, None for classes absent from the batch; used where the split
            or the bounds follow performance.

    Example:
        >>> from lplcore.frame.statistics import class_statistics
        >>> bounds = class_bounds(Lpl(epsilon=0.5), class_statistics([100, 20, 10, 5]))
        >>> bounds.sign, bounds.epsilon, bounds.steps
        ([-1, 1, 1, 1], [2.5, 1.0, 1.5, 2.5], [25, 10, 15, 25])
    """
    if options.threshold == "mean" or "performance" in (options.split, options.bound_from):
        return by_performance(options, statistics, q or [None] * statistics.num_classes)
    head = head_mask(statistics, options.threshold)
    epsilon = count_bounds(options, statistics, head)
    return ClassBounds(
        sign=[-1 if is_head else 1 for is_head in head],
        epsilon=list(epsilon),
        steps=count_steps(options, torch.tensor(epsilon, dtype=torch.float64), multi_label=statistics.multi_label),
        tau=rank_threshold(statistics, options.threshold),
        largest_epsilon=options.largest_bound(),
    )


def count_steps(options: Lpl, epsilon: Tensor, *, multi_label: bool) -> list[int | None] | None:
    """Steps to bounds [C]; None for the closed form."""
    if not multi_label:
        return whole(options.step_rule().of(epsilon)[0])
    return None if options.form == "closed" else whole(number_of_steps(epsilon, options.step_size))


def by_performance(options: Lpl, statistics: ClassStatistics, q: Sequence[float | None]) -> ClassBounds:
    """What a batch with these q is treated to, by the module that trains."""
    walk = options.build(statistics)
    assert isinstance(walk, LplWalk)
    estimate = torch.tensor([torch.nan if each is None else each for each in q], dtype=torch.float64)
    with torch.no_grad():
        performance, sign, steps = walk.judged(estimate)
    absent, tau = ~performance.present, float(performance.tau)
    if options.split == "class_rank":
        tau = rank_threshold(statistics, tau)
    else:
        sign = sign.masked_fill(absent, torch.nan)
    unknown = absent & (options.delta_epsilon > 0)
    return ClassBounds(
        sign=whole(sign),
        epsilon=numbers(steps.epsilon.masked_fill(unknown, torch.nan)),
        steps=whole(steps.number.masked_fill(unknown, torch.nan)),
        tau=None if math.isnan(tau) else tau,
        largest_epsilon=options.largest_bound(),
    )


def numbers(values: Tensor) -> list[float | None]:
    """Entries, None for NaN."""
    return [None if math.isnan(value) else value for value in values.tolist()]


def whole(values: Tensor) -> list[int | None]:
    """Entries that are whole numbers, None for NaN."""
    return [None if value is None else int(value) for value in numbers(values)]
