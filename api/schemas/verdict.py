"""The shape of a verdict."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Interval = Annotated[list[float], Field(min_length=2, max_length=2)]


class VerdictAnswer(BaseModel):
    """What the runs that have succeeded show, on the task's main metric."""

    model_config = ConfigDict(from_attributes=True)

    text: str = Field(description="a sentence to be shown first")
    metric: str
    best: str | None = Field(description="label of the best point; null where the points are of several data sets")
    point: dict[str, Any] | None = Field(description="the best point")
    mean: float | None
    std: float | None
    n: int | None
    ahead_of: str | None = Field(description="label of the second best, null where there is none")
    difference: float | None = Field(description="by how much the best is better, over the seeds that both have")
    confidence_interval: Interval | None = Field(description="of the difference, 95 %; null below two common seeds")
    decided: bool = Field(description="whether the interval excludes zero")
