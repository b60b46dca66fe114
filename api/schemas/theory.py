"""The shapes of what the theorems say."""

from typing import Literal

from pydantic import BaseModel, Field

Part = Literal["minority", "majority"]


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
    corollary: list[Part | None] = Field(
        description="the part of the corollary, corrected, that holds for the theorem's solution, be it the best "
        "threshold or not: minority, a larger bound lowers R(+1) and raises R(-1); majority, the other way round"
    )
    corollary_of_best: list[Part | None] = Field(
        description="the same where the solution is the best threshold; null where it is not"
    )
    harder: list[Part | None] = Field(
        description="the class with the larger error at the theorem's solution; null where equal or without solution"
    )
    statements: list[StatementAnswer] = Field(description="the corollary as printed and as corrected")
    monte_carlo: Lines


class TheoryAnswer(BaseModel):
    """What a theorem says."""

    theorem: int
    curves: list[CurveAnswer]
