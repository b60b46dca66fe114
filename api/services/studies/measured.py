"""A study's table as its jobs have filled it so far."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from api.late import late
from api.schemas.studies import StudyAnswer, StudyCell, StudyRow, is_comparable, study_answer
from api.services.comparison.statistics import quantile
from store import jobs, studies
from store.database.engine import Session
from store.database.records import Study

if TYPE_CHECKING:
    from api.services import search_answer
else:  # it loads lplcore
    search_answer = late("api.services.search_answer")

Cell = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
Summary = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Figures:
    """What there is of a cell: values by seed, seeds or reasons that it lacks, and seeds that may still come."""

    values: Mapping[int, float] = field(default_factory=dict)
    missing: Sequence[int | str] = ()
    waiting: Sequence[int] = ()


def study_page(session: Session, study: Study) -> StudyAnswer:
    """A study with its table as it is now."""
    members = studies.members(session, study.id)
    found = jobs.summaries(session, [job.id for job in members])
    summaries = {job.id: found.get(job.id, []) for job in members}
    rows = with_best_points(session, study.plan["rows"], summaries)
    return study_answer(study, members, measured_rows(rows, summaries, comparable=is_comparable(study)))


def with_best_points(session: Session, rows: Rows, summaries: Mapping[str, Summary]) -> Rows:
    """The rows of a plan, with the points that are best so far in the cells of searches."""
    cells = [cell for row in rows for cell in row["cells"].values()]
    searches = dict.fromkeys(cell["job"] for cell in cells if cell.get("best") and cell["job"] in summaries)
    if not searches:
        return rows
    best = {job: search_answer.search_answer(session, jobs.get(session, job))["best"] for job in searches}
    points = {job: found["point"] for job, found in best.items() if found is not None}
    return [{**row, "cells": {key: placed(cell, points) for key, cell in row["cells"].items()}} for row in rows]


def placed(cell: Cell, best: Mapping[str, Any]) -> Cell:
    """A cell of a search with the best point of its job, which may have none; any other cell as it is."""
    return {**cell, "point": best.get(cell["job"])} if cell.get("best") else cell


def measured_rows(rows: Rows, summaries: Mapping[str, Summary], *, comparable: bool = True) -> list[StudyRow]:
    """The rows with what their cells' jobs have measured.

    Args:
        rows: of a study's plan.
        summaries: job -> its summary; of a job that there is no more nothing.
        comparable: whether the published figures are of the same data.
    """
    trained = {
        (row["label"], key): figures_of(cell, summaries)
        for row in rows
        for key, cell in row["cells"].items()
        if cell.get("derived") is None
    }
    return [
        StudyRow(
            label=row["label"],
            method=row["method"],
            cells={
                key: cell_answer(
                    cell,
                    trained.get((row["label"], key)) or difference(cell["derived"], key, trained),
                    comparable=comparable,
                )
                for key, cell in row["cells"].items()
            },
        )
        for row in rows
    ]


def figures_of(cell: Cell, summaries: Mapping[str, Summary]) -> Figures:
    """What a cell's job has measured."""
    if cell.get("missing"):
        return Figures(missing=[cell["missing"]])
    if cell["job"] not in summaries:
        return Figures(missing=[f"job {cell['job']} was deleted"])
    summary, point = summaries[cell["job"]], cell.get("point")
    if cell.get("best") and point is None:
        waiting = dict.fromkeys(seed for row in summary for seed in row["waiting_seeds"])
        return Figures(missing=["the search has no best point"], waiting=list(waiting))
    fitting = [row for row in summary if point is None or row["point"] == point]
    if not fitting and point is not None:
        return Figures(missing=["its search has stopped it early, or not begun it"])
    if len(fitting) != 1:
        return Figures(missing=[f"job {cell['job']} has {len(fitting)} points of this kind, not one"])
    return of_point(fitting[0], cell["metric"])


def of_point(row: Mapping[str, Any], metric: str) -> Figures:
    """What a point of a job's summary has of a metric; a seed whose value is undefined lacks it."""
    spread = row["metrics"].get(metric, {"seeds": [], "values": []})
    values = dict(zip(spread["seeds"], spread["values"], strict=True))
    done = dict.fromkeys(seed for each in row["metrics"].values() for seed in each["seeds"])
    undefined = [seed for seed in done if seed not in values]
    return Figures(values, [*undefined, *row["missing_seeds"]], row["waiting_seeds"])


def difference(derived: Mapping[str, str], key: str, trained: Mapping[tuple[str, str], Figures]) -> Figures:
    """The difference of two cells of a column by seed."""
    a, b = (trained.get((derived[side], key), Figures()) for side in ("row", "minus"))
    values = {seed: value - b.values[seed] for seed, value in a.values.items() if seed in b.values}
    lacking = [each for each in dict.fromkeys([*a.missing, *b.missing]) if each not in values]
    return Figures(values, lacking, list(dict.fromkeys([*a.waiting, *b.waiting])))


def cell_answer(cell: Cell, figures: Figures, *, comparable: bool) -> StudyCell:
    """A cell with its figures, set beside the published one."""
    values = list(figures.values.values())
    mean = statistics.fmean(values) if values else None
    std = statistics.stdev(values) if len(values) > 1 else None
    interval = None if mean is None or std is None else interval_of(mean, std, len(values))
    published = cell.get("published")
    outside = None
    if comparable and interval is not None and published is not None:
        outside = not interval[0] <= published <= interval[1]
    return StudyCell(
        job=cell["job"],
        point=cell.get("point"),
        metric=cell["metric"],
        mean=mean,
        std=std,
        n=len(values),
        values=values,
        seeds=list(figures.values),
        confidence_interval=None if interval is None else list(interval),
        missing=list(figures.missing),
        waiting=list(figures.waiting),
        published=published,
        difference=None if mean is None or published is None else mean - published,
        differs=outside,
        derived=cell.get("derived"),
    )


def interval_of(mean: float, std: float, n: int) -> tuple[float, float]:
    """Student's 95 % interval of a mean."""
    margin = quantile(n - 1) * std / math.sqrt(n)
    return mean - margin, mean + margin
