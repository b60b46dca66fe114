"""Fields of a search, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.search`.
"""

from typing import Any

from pydantic import Field

from client.record import Answer


class PointFields(Answer):
    """A point of a search, and what it reached."""

    run: str = ""
    point: dict[str, Any] = Field(default_factory=dict)
    value: float | None = None


class TrialFields(Answer):
    """A trial: one point, one run."""

    run: str = ""
    point: dict[str, Any] = Field(default_factory=dict)
    value: float | None = None
    number: int = 0
    rung: int | None = None
    state: str


class SearchFields(Answer):
    """The trials of a search in their order, and what came out."""
