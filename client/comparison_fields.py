"""Fields of a comparison, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.comparison`.
"""

from typing import Any

from pydantic import Field

from client.record import Answer


class SideFields(Answer):
    """One of the things compared: a sweep point of a job, or a run."""

    job: str = ""
    job_name: str = ""
    run: str | None = None
    point: dict[str, Any] = Field(default_factory=dict)
    label: str = ""
    method: str = ""
    dataset: str = ""
    epoch: int = 0
    runs: list[str] = Field(default_factory=list)
    seeds: list[int] = Field(default_factory=list)
    missing_seeds: list[int] = Field(default_factory=list)


class PairFields(Answer):
    """The difference of two sides, paired by seed: the mean of a - b over the seeds that both have."""

    a: int = 0
    b: int = 0
    metric: str = ""
    difference: float | None = None
    standard_error: float | None = None
    confidence_interval: list[float] | None = None
    n: int = 0
    paired_by: str = ""
    decided: bool = False
    note: str | None = None


class BandFields(Answer):
    """A curve over epochs: mean and standard deviation over n seeds at every epoch shown."""

    epoch: list[int] = Field(default_factory=list)
    mean: list[float] = Field(default_factory=list)
    std: list[float | None] = Field(default_factory=list)
    n: list[int] = Field(default_factory=list)


class BandsFields(Answer):
    """A metric's curves, one of every side."""

    metric: str | None = None
    names: list[str] = Field(default_factory=list)


class ComparisonFields(Answer):
    """Sides beside each other; lists per side are in the order of `sides`."""

    configuration: dict[str, list[Any]] = Field(default_factory=dict)
