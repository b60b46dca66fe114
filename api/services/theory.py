"""Curves of the theorems with drawn examples, as answers."""

import math
import sys
from collections.abc import Mapping
from typing import Any

from api.problems import Problem
from api.schemas.theory import CurveAnswer, Lines, StatementAnswer, TheoryAnswer
from lplcore import theory

CHECKED_POINTS = 11
"""Points of a curve at which classifiers are also tried on drawn examples."""


def answer_of(
    theorem: str, *, points: int, epsilon: float | None, changes: Mapping[str, Any], samples: int, seed: int
) -> TheoryAnswer:
    """All figures of a theorem.

    Raises:
        Problem: no such theorem, or a setting that it does not bear.
    """
    figures = [figure for figure, entry in theory.FIGURES.items() if theorem == str(entry.theorem)]
    if not figures:
        raise Problem(404, "There is no such theorem; known: 1, 2, 3")
    try:
        curves = [theory.curve(figure, points=points, epsilon=epsilon, **changes) for figure in figures]
    except ValueError as error:
        field, _, message = str(error).partition(": ")
        raise Problem(422, str(error), errors=[{"path": field, "message": message}]) from None
    # Drawn once: both figures of theorem 3 have the same dimension, and thresholds need no examples of their own.
    examples = theory.Examples(curves[0].task.dimension, samples=samples, seed=seed)
    return TheoryAnswer(theorem=curves[0].theorem, curves=[answer(curve, examples) for curve in curves])


def answer(curve: theory.Curve, examples: theory.Examples) -> CurveAnswer:
    """A curve with drawn examples at some of its points."""
    step = max(1, len(curve.values) // (CHECKED_POINTS - 1))
    drawn = [None if s.b is None else examples.errors(curve.task, s.b) for s in curve.solutions[::step]]
    parts = [corollary(curve, value, solution) for value, solution in zip(curve.values, curve.solutions, strict=True)]
    valid = [solution.valid for solution in curve.solutions]
    return CurveAnswer(
        figure=curve.figure,
        parameter=curve.parameter,
        settings={**vars(curve.task), "epsilon": curve.epsilon},
        closed_form=lines(curve.values, curve.errors),
        valid=valid,
        reasons=[solution.reason for solution in curve.solutions],
        corollary=parts,
        corollary_of_best=[part if best else None for part, best in zip(parts, valid, strict=True)],
        harder=[None if s.b is None else curve.task.harder(s.b) for s in curve.solutions],
        statements=[statement(curve, s) for s in theory.statements(curve.theorem, curve.parameter)],
        monte_carlo=lines(curve.values[::step], drawn),
    )


def corollary(curve: theory.Curve, value: float, solution: theory.Solution) -> theory.Part | None:
    """Which part of the theorem's corollary holds at a point; corollaries 1 and 2 have only one."""
    if solution.b is None:
        return None
    if curve.theorem == 3:
        return theory.corollary_3(curve.task, epsilon=curve.epsilon, **{curve.parameter: value})
    if curve.theorem == 2:
        return "minority" if theory.corollary_2(curve.task) else None
    return "minority" if theory.corollary_1(curve.task, epsilon=curve.epsilon, rho_plus=value) else None


def statement(curve: theory.Curve, claim: theory.Statement) -> StatementAnswer:
    """A statement with its condition along a curve."""
    windows = [claim.window(curve.task, epsilon=curve.epsilon, **{curve.parameter: value}) for value in curve.values]
    return StatementAnswer(
        corollary=claim.corollary,
        about=claim.about,
        version=claim.version,
        says=claim.says,
        condition=claim.condition,
        remark=claim.remark,
        lower=[min(window.lower, sys.float_info.max) for window in windows],
        upper=[None if math.isinf(window.upper) else window.upper for window in windows],
        met=[
            None if solution.b is None else window.contains(curve.task.gamma)
            for window, solution in zip(windows, curve.solutions, strict=True)
        ],
    )


def lines(values: list[float], errors: list[theory.Errors | None]) -> Lines:
    """Errors by class."""
    columns: dict[str, Any] = {
        name: [None if error is None else getattr(error, name) for error in errors] for name in theory.Errors._fields
    }
    return Lines(values=values, **columns)
