"""Checks of the theorems that use none of their formulas."""

import math

import numpy as np
from numpy.typing import NDArray

from lplcore.theory.task import Errors, GaussianTask

GRID = 4001
ROUNDS = 6
BLOCK = 2**17
"""Numbers drawn at once."""


def brute_force(task: GaussianTask, *, minority_shift: float, majority_shift: float) -> float:
    """The threshold b with the lowest perturbed error (Eq. 43), by search over a grid that is refined.

    Infinite where a constant classifier is best: -inf always says -1, inf always +1.
    """
    width = 10 * task.variance_ratio * task.spread + task.center + abs(minority_shift) + abs(majority_shift)
    low, high = -width, width
    best = 0.0
    for _ in range(ROUNDS):
        grid = np.linspace(low, high, GRID)
        values = [
            task.errors(float(b), minority_shift=minority_shift, majority_shift=majority_shift).total for b in grid
        ]
        index = int(np.argmin(values))
        best = float(grid[index])
        low, high = float(grid[max(index - 1, 0)]), float(grid[min(index + 1, GRID - 1)])
    total = task.errors(best, minority_shift=minority_shift, majority_shift=majority_shift).total
    constant = {-math.inf: 1 / (1 + task.gamma), math.inf: task.gamma / (1 + task.gamma)}
    for threshold, error in constant.items():
        if error <= total:
            return threshold
    return best


class Examples:
    """Drawn examples of both classes, for any task of a dimension and any threshold.

    x = y * eta + sigma_y * z with z standard normal in d numbers. Classifiers with w = 1 see only the sum of x, that is
    y * d * eta + sigma_y * sum(z), so the sums of z are all that is kept.
    """

    def __init__(self, dimension: int, *, samples: int = 100_000, seed: int = 0) -> None:
        """Draw `samples` examples of each class.

        Raises:
            ValueError: fewer than one sample or more numbers than 10^8.
        """
        if not samples >= 1 or samples * dimension > 10**8:
            raise ValueError("samples: must be at least 1, and samples * dimension at most 10^8")
        draw = np.random.default_rng(seed)
        self.dimension = dimension
        self.sums = [noise_sums(draw, samples, dimension) for _ in Errors._fields[:2]]

    def errors(self, task: GaussianTask, b: float) -> Errors:
        """Standard errors of sign(w x + b) on the examples.

        Raises:
            ValueError: the task has another dimension.
        """
        if task.dimension != self.dimension:
            raise ValueError(f"dimension: the examples have {self.dimension}")
        minority_sums, majority_sums = self.sums
        minority = float((task.center + task.sigma * minority_sums + b < 0).mean())
        majority = float((-task.center + task.variance_ratio * task.sigma * majority_sums + b >= 0).mean())
        return Errors(minority, majority, (minority + task.gamma * majority) / (1 + task.gamma))


def monte_carlo(task: GaussianTask, b: float, *, samples: int = 100_000, seed: int = 0) -> Errors:
    """Standard errors of sign(w x + b) on `samples` drawn examples of each class; `Examples` for many thresholds.

    Raises:
        ValueError: fewer than one sample or more numbers than 10^8.
    """
    return Examples(task.dimension, samples=samples, seed=seed).errors(task, b)


def noise_sums(draw: np.random.Generator, samples: int, dimension: int) -> NDArray[np.float64]:
    """Sums over standard normal vectors, drawn in blocks that fit a cache."""
    rows = max(1, BLOCK // dimension)
    blocks = [
        draw.standard_normal((min(rows, samples - start), dimension)).sum(axis=1) for start in range(0, samples, rows)
    ]
    return np.concatenate(blocks)
