"""What a study trains at a scale, and which cell shows what of it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from pydantic import Field

from lplcore.frame.study import Column, Difference, Source, Study
from lplcore.plugin import Record, get
from lplcore.studies.cpu_scale import ADAPTED, cpu_spec, data_note
from lplcore.studies.printed import dataset_of, method_of

Scale = Literal["full", "cpu"]
NOT_COMPARABLE = (
    "The published figures are of other data, networks and lengths of training: only the order of methods may be set "
    "beside theirs."
)
Spec = Mapping[str, Any]
Missing = Callable[[Spec], str | None]
"""Spec -> what it lacks and where that goes, None where it can be trained."""


class Cell(Record):
    """A cell: a figure of a job, or a difference of two cells, beside the printed figure."""

    job: str | None = Field(None, description="key of the job; null where none is trained")
    metric: str
    published: float | None = None
    preset: str | None = Field(None, description="whose figure is printed")
    missing: str | None = Field(None, description="why no job is trained")
    derived: Difference | None = Field(None, description="the rows of whose cells it is the difference")


class Row(Record):
    """A row; a column without a cell is a printed dash."""

    label: str
    method: str
    cells: dict[str, Cell]


class StudyPlan(Record):
    """A study at a scale: its table, and the jobs that fill it. `model_dump(mode="json")` is plain JSON."""

    name: str
    title: str
    citation: str
    scale: Scale
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    jobs: dict[str, dict[str, Any]] = Field(description="key -> spec, as it is submitted")
    figure: str | None
    notes: tuple[str, ...]


def nothing_missing(spec: Spec) -> None:
    """All data and files are there."""


def plan(
    study: Study, scale: Scale, *, missing: Missing = nothing_missing, registered: Collection[str] = ()
) -> StudyPlan:
    """The study's table and jobs.

    Args:
        scale: full: the presets as they are. cpu: the same rows and columns within ten minutes on two cores.
        missing: says of a job's spec what it lacks; its cells are marked with that, and the others are trained.
        registered: names of data sets that somebody registered, which may stand in at scale cpu.
    """
    specs = {source.job: job_spec(source, scale, registered) for source in study.sources}
    reasons = {key: missing(spec) for key, spec in specs.items()}
    metrics = {column.key: column.metric for column in study.columns}
    rows = tuple(
        Row(
            label=row.label,
            method=row.method,
            cells={key: cell(source, metrics[key], reasons) for key, source in row.cells.items()},
        )
        for row in study.rows
    )
    return StudyPlan(
        name=study.name,
        title=study.title,
        citation=study.citation,
        scale=scale,
        columns=study.columns,
        rows=rows,
        jobs={key: spec for key, spec in specs.items() if reasons[key] is None},
        figure=study.figure,
        notes=(*study.notes, *scale_notes(study, scale, registered)),
    )


def job_spec(source: Source, scale: Scale, registered: Collection[str]) -> dict[str, Any]:
    """What is submitted for a cell."""
    preset = get("preset", source.preset)
    if scale == "cpu":
        return cpu_spec(preset, source.method, registered=registered)
    if not source.method:
        return {"preset": source.preset}
    name, method = f"{preset.title}, {words(source.method)}", {**method_of(preset), **source.method}
    return {**preset.spec, "name": name, "method": method}


def words(method: Mapping[str, Any]) -> str:
    """`epsilon 1.5` of changed parameters."""
    return ", ".join(f"{name} {value}" for name, value in method.items())


def cell(source: Source | Difference, metric: str, reasons: Mapping[str, str | None]) -> Cell:
    """A cell as it is shown."""
    if isinstance(source, Difference):
        return Cell(metric=metric, published=source.published, derived=source)
    reason = reasons[source.job]
    job = source.job if reason is None else None
    return Cell(job=job, metric=metric, published=source.published, preset=source.preset, missing=reason)


def scale_notes(study: Study, scale: Scale, registered: Collection[str]) -> tuple[str, ...]:
    """What a scale changes."""
    if scale == "full":
        return ()
    data = {data_note(dataset_of(get("preset", source.preset)), registered): None for source in study.sources}
    return (NOT_COMPARABLE, f"Data that stand in: {', '.join(data)}.", *ADAPTED)
