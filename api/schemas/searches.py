"""How a search stands."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class PointAnswer(BaseModel):
    """A point of a search, and what it reached."""

    run: str = Field(description="the run of its trial")
    point: dict[str, Any]
    value: float | None = Field(description="the search's metric at `rung`; null before the first, or where undefined")


class TrialAnswer(PointAnswer):
    """A trial: one point, one run."""

    number: int = Field(description="from 0, in the order of proposals")
    rung: int | None = Field(description="the last that it has reached, from 1; null before the first")
    state: Literal["open", "at_rung", "succeeded", "failed", "cancelled", "pruned"] = Field(
        description="open: waits or is trained; at_rung: waits for the search to compare it; pruned: went no further"
    )


class SearchAnswer(BaseModel):
    """The trials of a search in their order, and what came out."""

    trials: list[TrialAnswer]
    best: PointAnswer | None = Field(
        description="the best of those trained longest so far; null before the first value"
    )
    finalists: list[PointAnswer] = Field(description="the points that get `then_seeds`, best first; empty before that")
