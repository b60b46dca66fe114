"""The paper's theorems: closed form and Monte Carlo curves of Fig. 3 to 6."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.problems import Problem, problems
from api.security import READ
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


class CurveAnswer(BaseModel):
    """A figure of the paper, at its setting or another."""

    figure: int
    parameter: str = Field(description="rho_plus or rho_minus")
    settings: dict[str, float] = Field(description="gamma, dimension, eta, sigma, variance_ratio and epsilon")
    closed_form: Lines
    valid: list[bool] = Field(description="whether the theorem's solution is the best threshold there")
    reasons: list[str | None] = Field(description="why it is not")
    corollary: list[str | None] = Field(description="theorem 3: the part of the corrected corollary 3 that holds there")
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
    """Curves of theorem 1 (Fig. 3), 2 (Fig. 4) or 3 (Fig. 5 and 6): closed form, validity and drawn examples."""
    figures = [figure for figure, entry in theory.FIGURES.items() if theorem == str(entry.theorem)]
    if not figures:
        raise Problem(404, "There is no such theorem; known: 1, 2, 3")
    given = {"gamma": gamma, "dimension": dimension, "eta": eta, "sigma": sigma, "variance_ratio": variance_ratio}
    changes = {name: value for name, value in given.items() if value is not None}
    try:
        curves = [theory.curve(figure, points=points, epsilon=epsilon, **changes) for figure in figures]
    except ValueError as error:
        field, _, message = str(error).partition(": ")
        raise Problem(422, str(error), errors=[{"path": field, "message": message}]) from None
    answers = [answer(found, samples=samples, seed=seed) for found in curves]
    return TheoryAnswer(theorem=curves[0].theorem, curves=answers)


def answer(found: theory.Curve, *, samples: int, seed: int) -> CurveAnswer:
    """A curve with drawn examples at some of its points."""
    step = max(1, len(found.values) // (CHECKED_POINTS - 1))
    drawn: list[theory.Errors | None] = [
        None if solution.b is None else theory.monte_carlo(found.task, solution.b, samples=samples, seed=seed)
        for solution in found.solutions[::step]
    ]
    return CurveAnswer(
        figure=found.figure,
        parameter=found.parameter,
        settings={**vars(found.task), "epsilon": found.epsilon},
        closed_form=lines(found.values, found.errors),
        valid=[solution.valid for solution in found.solutions],
        reasons=[solution.reason for solution in found.solutions],
        corollary=[corollary(found, value) for value in found.values],
        monte_carlo=lines(found.values[::step], drawn),
    )


def corollary(found: theory.Curve, value: float) -> str | None:
    """Which part of corollary 3 holds at a point."""
    if found.theorem != 3:
        return None
    return theory.corollary_3(found.task, epsilon=found.epsilon, **{found.parameter: value})


def lines(values: list[float], errors: list[theory.Errors | None]) -> Lines:
    """Errors by class."""
    columns: dict[str, Any] = {
        name: [None if error is None else getattr(error, name) for error in errors] for name in theory.Errors._fields
    }
    return Lines(values=values, **columns)
