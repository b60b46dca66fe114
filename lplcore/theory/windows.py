"""The conditions of the corollaries as windows of Gamma, from a task and the bounds of both classes.

`plus` is rho_plus * epsilon and `minus` rho_minus * epsilon; printed conditions that name epsilon alone are for a class
whose rho is 1. Corrected conditions follow from the sign of db*/d rho (direction) and from
b* < -d eta (K - 1) / (K + 1) (which class is harder: at that threshold both errors are equal).
"""

import math
from typing import NamedTuple

from lplcore.theory.task import GaussianTask


class Window(NamedTuple):
    """Values of Gamma, ends excluded; none at all where a condition that Gamma does not enter fails."""

    lower: float
    upper: float
    possible: bool = True

    def contains(self, gamma: float) -> bool:
        """Whether a Gamma is inside."""
        return self.possible and self.lower < gamma < self.upper


def ahead_anywhere(task: GaussianTask, _plus: float, minus: float) -> Window:
    """Eq. 48."""
    reach = (2 * task.dimension - 1) * task.eta - minus
    return Window(0.0, growth(reach, task.spread), reach > 0)


def ahead(task: GaussianTask, plus: float, minus: float) -> Window:
    """Eq. 47."""
    reach = 2 * task.center - plus - minus
    return Window(0.0, growth(reach, task.spread), reach > 0)


def imbalanced(_task: GaussianTask, _plus: float, _minus: float) -> Window:
    """Gamma > 1."""
    return Window(1.0, math.inf)


def minority_printed(task: GaussianTask, _plus: float, minus: float) -> Window:
    """The window that the paper prints in bullet 1; its upper end is where b* ends to exist without perturbation."""
    k = task.variance_ratio
    excess = math.sqrt((k - 1) * (k + 1))
    lower = k * growth(2 * task.center - minus, k * task.spread)
    return Window(lower, k * growth(2 * task.center, excess * task.spread))


def minority_moves(task: GaussianTask, plus: float, minus: float) -> Window:
    """Bullet 1, corrected. The lower end only says that class imbalance prevails: errors move so below it as well."""
    k, reach = task.variance_ratio, 2 * task.center - plus - minus
    return Window(k, k * growth(reach, k * task.spread), reach > 0)


def minority_harder(task: GaussianTask, plus: float, minus: float) -> Window:
    """R(+1) > R(-1): the derivative of the perturbed error is positive where both errors are equal, and rises there."""
    k = task.variance_ratio
    difference, distance = plus - minus / k, 4 * task.center / (k + 1) - plus - minus / k
    lower = k * bounded_exp(difference * distance / (2 * task.spread**2))
    return Window(lower, math.inf, plus * k**2 + minus < 2 * task.center * k)


def majority_printed(task: GaussianTask, _plus: float, _minus: float) -> Window:
    """K > Gamma."""
    return Window(0.0, task.variance_ratio)


def majority_moves(task: GaussianTask, plus: float, minus: float) -> Window:
    """Bullet 2, corrected."""
    k, reach = task.variance_ratio, 2 * task.center - plus - minus
    return Window(k / growth(reach, task.spread), k, reach > 0)


def majority_harder(task: GaussianTask, plus: float, minus: float) -> Window:
    """R(+1) < R(-1): whatever Gamma is, or below the window of the other class."""
    other = minority_harder(task, plus, minus)
    return Window(0.0, other.lower if other.possible else math.inf)


def growth(reach: float, spread: float) -> float:
    """exp(reach^2 / (2 spread^2)); a spread of zero is that of the printed window's upper end at K = 1."""
    return bounded_exp((reach / spread) ** 2 / 2) if spread > 0 else math.inf


def bounded_exp(x: float) -> float:
    """exp(x), infinite where it overflows."""
    return math.exp(x) if x < 700 else math.inf
