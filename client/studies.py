"""Studies as the service answers them."""

from typing import Any, Self

from pydantic import Field

from client.job_answers import Stateful
from client.notebook import brief, frame_or_rows, html_rows, html_table
from client.origin import Bound
from client.study_fields import (
    StudyCellFields,
    StudyColumnFields,
    StudyFields,
    StudyFindingFields,
    StudyItemFields,
    StudyJobFields,
    StudyRowFields,
)

DASH, WAITS, MISSING = "-", "waits", "missing"
FRACTIONS = ("error", "precision", "accuracy", "f1")
"""Words of metrics that are shown in percent."""


class StudyItem(StudyItemFields, Stateful):
    """A study in a list."""


class StudyColumn(StudyColumnFields):
    """A column of a study's table."""

    @property
    def in_percent(self) -> bool:
        """Whether its figures are shown in percent."""
        return any(word in self.metric for word in FRACTIONS)


class StudyCell(StudyCellFields):
    """A figure over seeds beside the published one; fractions, or the difference of two other cells by seed."""

    def measured(self, *, in_percent: bool = True) -> str:
        """Mean ± standard deviation; how many seeds there are where some are missing."""
        if self.mean is None:
            return WAITS if self.waiting else MISSING
        spread = "" if self.std is None else f" ± {number(self.std, in_percent=in_percent)}"
        lacking = f" ({self.n} of {self.n + len(self.missing)})" if self.missing else ""
        return f"{number(self.mean, in_percent=in_percent)}{spread}{lacking}"


class StudyRow(StudyRowFields):
    """A row of a study's table; its cells by the columns' keys, none where the table has a dash."""

    cells: dict[str, StudyCell] = Field(default_factory=dict)


class StudyJob(StudyJobFields, Stateful):
    """A job of a study."""


class StudyFinding(StudyFindingFields):
    """What a study found."""


class Study(StudyFields, Stateful, Bound):
    """Jobs that make one table, and the table as they have filled it so far."""

    jobs: list[StudyJob] = Field(default_factory=list)
    columns: list[StudyColumn] = Field(default_factory=list)
    rows: list[StudyRow] = Field(default_factory=list)
    answer: StudyFinding | None = None

    def refresh(self) -> Self:
        """Bring this record up to date."""
        return self._renewed(self._client.get_study(self.id))

    def wait(self, *, timeout: float | None = None, progress: bool = True) -> Self:
        """Wait for the study's end, and for its answer where its preset gives one; this record, up to date.

        Args:
            timeout: seconds to wait at most; None waits for ever.
            progress: show it, a line per change.

        Raises:
            TimeoutError: it had not ended by then; it goes on all the same.
        """
        follow = self._client.watch_study if progress else self._client.wait_study
        return self._renewed(follow(self.id, timeout=timeout))

    def table(self, format: str | None = None) -> Any:
        """The table for the eye: a DataFrame with a row per method; rows where pandas is absent.

        Args:
            format: markdown, latex or csv give it as a text of the service.
        """
        if format is not None:
            return self._client.study_table(self.id, format=format)
        study = self if self.ended or self._origin.client is None else self.refresh()
        return frame_or_rows(table_rows(study))

    def _repr_html_(self) -> str:
        facts = {"study": self.id, "name": self.name, "preset": self.preset, "state": str(self.state)}
        facts |= {"progress": f"{self.progress:.0%}", "answer": self.answer.text if self.answer else ""}
        return html_table(["", ""], brief(facts)) + html_rows(table_rows(self))


def table_rows(study: Study) -> list[dict[str, str]]:
    """The table for the eye, a row per method: what is measured, and what is published where a column has any."""
    return [table_row(study, row) for row in study.rows]


def table_row(study: Study, row: StudyRow) -> dict[str, str]:
    """The cells of a row by their titles."""
    shown = {"method": row.label}
    for column in study.columns:
        cell, unit = row.cells.get(column.key), " %" if column.in_percent else ""
        shown[f"{column.title}{unit}"] = DASH if cell is None else cell.measured(in_percent=column.in_percent)
        if any(column.key in each.cells and each.cells[column.key].published is not None for each in study.rows):
            published = None if cell is None else cell.published
            text = DASH if published is None else number(published, in_percent=column.in_percent)
            shown[f"{column.title} published"] = text
    return shown


def number(value: float, *, in_percent: bool) -> str:
    """A figure for the eye."""
    return f"{100 * value:.2f}" if in_percent else f"{value:.4g}"
