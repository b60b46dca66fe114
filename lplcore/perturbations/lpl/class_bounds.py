"""Signs, bounds and steps of all classes for LPL's parameters, without a batch: what a form draws as sliders move."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations.lpl.bounds import CountBounds, rank_threshold
from lplcore.perturbations.lpl.lpl import Lpl
from lplcore.perturbations.lpl.multi_label import MultiLabelLpl, MultiLabelLplWalk
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
    module = options.build(statistics)
    if isinstance(module, MultiLabelLpl):
        columns = (module.sign, module.epsilon, module.steps if isinstance(module, MultiLabelLplWalk) else None)
        return answer(options, *columns, tau=rank_threshold(statistics, float(options.threshold)))
    assert isinstance(module, LplWalk)
    given = [torch.nan if each is None else each for each in q or [None] * statistics.num_classes]
    with torch.no_grad():
        performance, sign, steps = module.judged(torch.tensor(given, dtype=torch.float64))
    unknown = ~performance.present
    if options.split == "performance":
        tau, sign = float(performance.tau), sign.masked_fill(unknown, torch.nan)
    else:
        tau = rank_threshold(statistics, float(options.threshold))
    if isinstance(module.bounds, CountBounds) or module.bounds.fixed is not None:
        unknown = torch.zeros_like(unknown)
    epsilon, number = (column.masked_fill(unknown, torch.nan) for column in (steps.epsilon, steps.number))
    return answer(options, sign, epsilon, number, tau=tau)


def answer(options: Lpl, sign: Tensor, epsilon: Tensor, steps: Tensor | None, *, tau: float) -> ClassBounds:
    """Columns [C] as lists, None for NaN."""
    return ClassBounds(
        sign=whole(sign),
        epsilon=numbers(epsilon),
        steps=None if steps is None else whole(steps),
        tau=None if tau != tau else tau,
        largest_epsilon=options.largest_bound(),
    )


def numbers(values: Tensor) -> list[float | None]:
    """Entries, None for NaN."""
    return [None if value != value else value for value in values.tolist()]


def whole(values: Tensor) -> list[int | None]:
    """Entries that are whole numbers, None for NaN."""
    return [None if value is None else int(value) for value in numbers(values)]
