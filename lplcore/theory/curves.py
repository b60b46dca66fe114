"""The curves of Fig. 3 to 6: errors of both classes against a perturbation bound."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lplcore.theory.task import Errors, GaussianTask
from lplcore.theory.theorems import Solution, theorem_1, theorem_2, theorem_3

Solve = Callable[[GaussianTask, float, float], Solution]


@dataclass(frozen=True)
class Figure:
    """A figure of the paper: a theorem, what varies, and its setting."""

    theorem: int
    parameter: str
    task: GaussianTask
    epsilon: float
    solve: Solve


@dataclass(frozen=True)
class Curve:
    """Errors along a parameter; None where the theorem has no solution."""

    figure: int
    theorem: int
    parameter: str
    task: GaussianTask
    epsilon: float
    values: list[float]
    errors: list[Errors | None]
    solutions: list[Solution]


FIGURES: dict[int, Figure] = {
    3: Figure(
        1, "rho_plus", GaussianTask(gamma=2.0), 0.2, lambda task, eps, rho: theorem_1(task, epsilon=eps, rho_plus=rho)
    ),
    4: Figure(
        2, "rho_minus", GaussianTask(gamma=2.0), 0.2, lambda task, eps, rho: theorem_2(task, epsilon=eps, rho_minus=rho)
    ),
    5: Figure(
        3,
        "rho_plus",
        GaussianTask(gamma=3.5, variance_ratio=3.0),
        0.1,
        lambda task, eps, rho: theorem_3(task, epsilon=eps, rho_plus=rho, rho_minus=1.0),
    ),
    6: Figure(
        3,
        "rho_minus",
        GaussianTask(gamma=1.1, variance_ratio=2.5),
        0.2,
        lambda task, eps, rho: theorem_3(task, epsilon=eps, rho_plus=1.0, rho_minus=rho),
    ),
}
"""Settings as the text beside the figures gives them; d = 2, eta = 1, sigma = 1 in all."""


def curve(figure: int, *, points: int = 51, epsilon: float | None = None, **changes: Any) -> Curve:
    """The lines of a figure, the parameter from 0 up to eta / epsilon, its end left out (the theorems' range).

    Args:
        figure: 3 to 6.
        epsilon: instead of the figure's.
        changes: fields of the task that differ from the figure's.

    Raises:
        ValueError: an unknown figure, or a setting that the theorem does not speak of.
    """
    if figure not in FIGURES:
        raise ValueError(f"figure: {figure} is unknown; known: {', '.join(map(str, FIGURES))}")
    if not 2 <= points <= 10_001:
        raise ValueError("points: must be 2 to 10001")
    chosen = FIGURES[figure]
    task = replace(chosen.task, **changes)
    bound = chosen.epsilon if epsilon is None else epsilon
    if not 1e-9 <= bound <= 1e9:
        raise ValueError("epsilon: must be at least 1e-9 and at most 1e9")
    values = np.linspace(0, task.eta / bound, points, endpoint=False).tolist()
    solutions = [chosen.solve(task, bound, value) for value in values]
    errors = [solution.errors for solution in solutions]
    return Curve(figure, chosen.theorem, chosen.parameter, task, bound, values, errors, solutions)
