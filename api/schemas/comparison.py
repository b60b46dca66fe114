"""The shapes of comparisons and tables."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.answers import Answer, Spread
from api.schemas.verdict import Interval, VerdictAnswer


class SideAnswer(BaseModel):
    """One of the things compared: a sweep point of a job, or a run."""

    job: str
    job_name: str
    run: str | None = Field(description="where a run was asked for")
    point: dict[str, Any]
    label: str = Field(description="method and what tells it from the others")
    method: str
    dataset: str = Field(description="data set with its imbalance, for instance digits 20:1")
    epoch: int = Field(description="the last that a run of it has got to, failed and cancelled runs left out")
    runs: list[str] = Field(description="its runs, in the order of their seeds")
    seeds: list[int] = Field(description="of all its runs")
    missing_seeds: list[int] = Field(description="of the runs that have not succeeded")


class PairAnswer(BaseModel):
    """The difference of two sides, paired by seed: the mean of a - b over the seeds that both have."""

    a: int = Field(description="place in `sides`")
    b: int = Field(description="place in `sides`")
    metric: str
    difference: float | None
    standard_error: float | None = Field(description="null below two common seeds")
    confidence_interval: Interval | None = Field(
        description="Student's, 95 %, n - 1 degrees of freedom, not corrected for the number of pairs"
    )
    n: int = Field(description="seeds that both have")
    paired_by: Literal["seed"] = "seed"
    decided: bool = Field(description="whether the interval excludes zero")
    note: str | None = Field(description="what a reader must know, for instance that n is small")


class BandAnswer(Answer):
    """A curve over epochs: mean and standard deviation over n seeds at every epoch shown."""

    epoch: list[int]
    mean: list[float]
    std: list[float | None]
    n: list[int]


class BandsAnswer(BaseModel):
    """A metric's curves, one of every side."""

    metric: str | None
    names: list[str] = Field(description="metrics that there are curves of")
    sides: list[BandAnswer]


class Comparison(BaseModel):
    """Sides beside each other; lists per side are in the order of `sides`."""

    configuration: dict[str, list[Any]] = Field(
        description="path of the complete spec -> value of every side, where they differ; null where a side has none"
    )
    sides: list[SideAnswer]
    metrics: dict[str, list[Spread]] = Field(description="last-epoch values over the runs that have succeeded")
    pairs: list[PairAnswer]
    series: BandsAnswer = Field(description="a metric over epochs, thinned out where there are very many")
    verdict: VerdictAnswer | None


class CellAnswer(Answer):
    """A figure over n of `seeds`; `best` where the paired interval to the runner-up excludes zero."""

    mean: float | None
    std: float | None
    n: int
    seeds: int
    best: bool


class RowAnswer(Answer):
    """A method's figures, one a column; null where it was not tried."""

    label: str
    cells: list[CellAnswer | None]


class ColumnAnswer(Answer):
    """A metric on a data set."""

    title: str
    metric: str
    dataset: str


class TableAnswer(Answer):
    """A result table: rows are methods, columns metrics, or data sets where there are several."""

    columns: list[ColumnAnswer]
    rows: list[RowAnswer]
