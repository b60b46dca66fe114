"""Checks of the theorems that use none of their formulas."""

import math

import numpy as np

from lplcore.theory.task import Errors, GaussianTask

GRID = 4001
ROUNDS = 6


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


def monte_carlo(task: GaussianTask, b: float, *, samples: int = 100_000, seed: int = 0) -> Errors:
    """Standard errors of sign(w x + b) on `samples` drawn examples of each class.

    Raises:
        ValueError: fewer than one sample or more numbers than 10^8.
    """
    if not samples >= 1 or samples * task.dimension > 10**8:
        raise ValueError("samples: must be at least 1, and samples * dimension at most 10^8")
    draw = np.random.default_rng(seed)
    errors = []
    for sign, sigma in ((1, task.sigma), (-1, task.variance_ratio * task.sigma)):
        x = draw.normal(sign * task.eta, sigma, (samples, task.dimension))
        predicted = np.where(x.sum(axis=1) + b >= 0, 1, -1)
        errors.append(float((predicted != sign).mean()))
    minority, majority = errors
    return Errors(minority, majority, (minority + task.gamma * majority) / (1 + task.gamma))
