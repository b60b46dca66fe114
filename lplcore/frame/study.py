"""The record of a study: a table or a figure of the paper, with where each of its cells comes from."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from lplcore.plugin import TASKS, PluginValue, Record

ERROR = "test/top1_error"
PRECISION = "test/mean_average_precision"


class Column(Record):
    """A column as it is printed."""

    key: str = Field(description="names the column's cells")
    title: str
    metric: str = Field(ERROR, description="what its cells show")


class Source(Record):
    """Where a cell comes from: a preset, or one with other parameters of its method."""

    preset: str
    method: Mapping[str, Any] = Field({}, description="parameters of the method that differ from the preset's")
    published: float | None = Field(None, description="the printed figure, a fraction; null where none is printed")

    @property
    def job(self) -> str:
        """The key of the job that trains it; cells of the same training share it."""
        return ".".join([self.preset, *(f"{name}_{value}" for name, value in self.method.items())])


class Difference(Record):
    """A cell that is computed from two others of its column: the first one's minus the second one's, seed by seed."""

    row: str = Field(description="label of the row of which is subtracted")
    minus: str = Field(description="label of the row that is subtracted")
    published: float | None = Field(None, description="the printed difference, a fraction")


class StudyRow(Record):
    """A row as it is printed."""

    label: str
    method: str = Field(description="the method's name in the catalogue")
    cells: Mapping[str, Source | Difference] = Field({}, description="column's key -> its cell; none: a printed dash")


class Study(PluginValue):
    """A table or a figure of the paper whose cells are trained."""

    tasks: ClassVar[frozenset[str]] = TASKS

    citation: str = Field("", description="the table or figure that it reproduces")
    columns: tuple[Column, ...]
    rows: tuple[StudyRow, ...]
    figure: str | None = Field(None, description="what is drawn of every job: a kind of `/v1/jobs/{id}/figures`")
    notes: tuple[str, ...] = Field((), description="what a reader of the printed table must know")

    @property
    def sources(self) -> list[Source]:
        """The cells that are trained, row by row."""
        return [cell for row in self.rows for cell in row.cells.values() if isinstance(cell, Source)]
