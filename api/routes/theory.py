"""The paper's theorems and corollaries: closed form and Monte Carlo curves of Fig. 3 to 6."""

import math
import sys
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.middleware.security import READ
from api.problems import Problem, problems
from lplcore import theory

router = APIRouter(prefix="/v1", tags=["catalog"], dependencies=[READ])
CHECKED_POINTS = 11
"""Points of a curve at which classifiers are also tried on drawn examples."""
Scale = Annotated[float | None, Query(ge=1e-6, le=1e6, description="instead of the figure's")]
Ratio = Annotated[float | None, Query(ge=1, le=1e6, description="instead of the figure's")]


class Lines(BaseModel):
    """Errors along a curve, as fractions."""

    values: list[float] = Field(description="of the parameter")
    minority: list[float | None] = Field(description="R(f, +1); null where the theorem has no solution")
    majority: list[float | None] = Field(description="R(f, -1)")
    total: list[float | None] = Field(description="R(f)")


class StatementAnswer(BaseModel):
    """What a corollary says about the errors of b*, and where along the curve its condition is met.

    The condition is on Gamma: between `lower` and `upper` and, where `condition` names one, under another condition.
    """

    corollary: int
    about: Literal["direction", "harder"] = Field(description="how errors move, or which class has the larger error")
    version: Literal["printed", "corrected"]
    says: str = Field(description="the statement")
    condition: str
    remark: str = Field(description="whether the condition is right")
    lower: list[float] = Field(description="what Gamma must be above; the largest number where none is")
    upper: list[float | None] = Field(description="what Gamma must be below; null where any is")
    met: list[bool | None] = Field(description="whether the condition is met; null where the theorem has no solution")


class CurveAnswer(BaseModel):
    """A figure of the paper, at its setting or another."""

    figure: int
    parameter: str = Field(description="rho_plus or rho_minus")
    settings: dict[str, float] = Field(description="gamma, dimension, eta, sigma, variance_ratio and epsilon")
    closed_form: Lines
    valid: list[bool] = Field(description="whether the theorem's solution is the best threshold there")
    reasons: list[str | None] = Field(description="why it is not")
    corollary: list[theory.Part | None] = Field(
        description="the part of the corollary, corrected, that holds for the theorem's solution, be it the best "
        "threshold or not: minority, a larger bound lowers R(+1) and raises R(-1); majority, the other way round"
    )
    corollary_of_best: list[theory.Part | None] = Field(
        description="the same where the solution is the best threshold; null where it is not"
    )
    harder: list[theory.Part | None] = Field(
        description="the class with the larger error at the theorem's solution; null where equal or without solution"
    )
    statements: list[StatementAnswer] = Field(description="the corollary as printed and as corrected")
    monte_carlo: Lines


class TheoryAnswer(BaseModel):
    """What a theorem says."""

    theorem: int
    curves: list[CurveAnswer]


@router.get("/theory/{theorem}", operation_id="getTheory", responses=problems(404))
def theorem(
    theorem: str,
    gamma: Ratio = None,
    dimension: Annotated[int | None, Query(ge=1, le=50, description="instead of the figure's")] = None,
    eta: Scale = None,
    sigma: Scale = None,
    variance_ratio: Ratio = None,
    epsilon: Scale = None,
    points: Annotated[int, Query(ge=2, le=1001, description="points of a curve")] = 51,
    samples: Annotated[int, Query(ge=1, le=100_000, description="drawn examples of each class")] = 20_000,
    seed: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> TheoryAnswer:
    """Curves of theorem 1 (Fig. 3), 2 (Fig. 4) or 3 (Fig. 5 and 6): errors, validity, corollaries, drawn examples."""
    figures = [figure for figure, entry in theory.FIGURES.items() if theorem == str(entry.theorem)]
    if not figures:
        raise Problem(404, "There is no such theorem; known: 1, 2, 3")
    requested = {"gamma": gamma, "dimension": dimension, "eta": eta, "sigma": sigma, "variance_ratio": variance_ratio}
    changes = {name: value for name, value in requested.items() if value is not None}
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
