"""How a search stands."""

from typing import Any

from pydantic import Field

from client.notebook import html_rows
from client.search_fields import PointFields, SearchFields, TrialFields
from client.words import point_value


class Point(PointFields):
    """A point of a search, and what it reached."""


class Trial(TrialFields):
    """A trial: one point, one run. `rung` is the last that it has reached, from 1."""

    def row(self) -> dict[str, str]:
        """The trial in a row of a table: the values of its point, what it reached."""
        point = {path: point_value(value) for path, value in self.point.items()}
        facts = {"value": figure(self.value), "rung": str(self.rung or "-"), "state": self.state}
        return {"trial": str(self.number), **point, **facts}


class Search(SearchFields):
    """The trials of a search in their order, and what came out."""

    trials: list[Trial] = Field(default_factory=list)
    best: Point | None = None
    finalists: list[Point] = Field(default_factory=list)

    def rows(self) -> list[dict[str, str]]:
        """A row per trial."""
        return [trial.row() for trial in self.trials]

    def _repr_html_(self) -> Any:
        return html_rows(self.rows())


def figure(value: float | None) -> str:
    """A value for the eye."""
    return "-" if value is None else f"{value:.4g}"
