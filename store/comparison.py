"""What is compared: sides, each the current runs of a sweep point of a job, or one run; their curves and class arrays.

Everything is read with a number of statements that does not grow with the runs, and counted in its own units (runs,
epochs, numbers), so that an answer stays bounded.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from store import jobs, metrics
from store.characters import from_json
from store.database.records import DELETE, Series
from store.database.tables import EpochRow, JobRow, RunRow, SeriesRow
from store.errors import NotFound
from store.lifecycle.states import OPEN, State

MOST_POINTS = 500
"""Epochs of a curve that are read; of a longer one every second, third... and the last."""
MOST_ROWS = 100_000
"""Epochs of all runs together that are read for curves."""
Facts = Mapping[str, Any]
LEARNING = (*OPEN, State.SUCCEEDED)
"""States of runs whose curves count: those of failed and cancelled runs end anywhere."""


@dataclass(frozen=True)
class Member:
    """A current run of a side; `last_metrics` are the newest epoch's."""

    id: str
    seed: int
    state: str
    epoch: int
    version: int
    last_metrics: dict[str, float | None]

    @property
    def result(self) -> dict[str, float | None]:
        """The metrics of a run that has succeeded; one that has not has none."""
        return self.last_metrics if jobs.has_result(self) else {}


@dataclass(frozen=True)
class Side:
    """One thing that is compared."""

    job: str
    job_name: str
    run: str | None
    """The run, where it alone is compared."""
    point: dict[str, Any]
    members: list[Member]
    spec: dict[str, Any] = field(default_factory=dict)
    """Of its first run."""

    def values(self, metric: str) -> list[tuple[int, float | None]]:
        """Seed and value of every run that has succeeded."""
        return [(member.seed, member.result.get(metric)) for member in self.members if member.result]

    @property
    def learning(self) -> list[str]:
        """The runs whose curves count, which have an epoch at least."""
        return [member.id for member in self.members if member.state in LEARNING and member.epoch > 0]

    @property
    def version(self) -> tuple[Any, ...]:
        """What changes with it."""
        return (self.job_name, *((member.id, member.version) for member in self.members))


def sides(session: Session, job_ids: Sequence[str], run_ids: Sequence[str] = (), *, most: int) -> list[Side]:
    """The points of the jobs, then the runs, each told once; one more than `most` where there are too many.

    Raises:
        NotFound: names every job and run that there is not.
    """
    job_ids, run_ids = list(dict.fromkeys(job_ids)), list(dict.fromkeys(run_ids))
    alone = found_runs(session, run_ids)
    names = found_jobs(session, [*job_ids, *(run.job_id for run in alone.values())])
    missing = [f"job {job}" for job in job_ids if job not in names]
    missing += [f"run {run}" for run in run_ids if run not in alone or alone[run].job_id not in names]
    if missing:
        raise NotFound(f"there is no {', no '.join(missing)}")
    read: list[Side] = []
    for job in job_ids:
        read += points(session, job, names[job], most=most + 1 - len(read))
    read += [
        Side(run.job_id, names[run.job_id], run.id, run.point, [member(run)])
        for run in list(alone.values())[: max(0, most + 1 - len(read))]
    ]
    return with_specs(session, read)


COLUMNS = (
    *(RunRow.id, RunRow.job_id, RunRow.seed, RunRow.point, RunRow.state, RunRow.epoch, RunRow.version),
    RunRow.last_metrics,
)


def found_runs(session: Session, run_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """The runs of these that there are, in this order."""
    if not run_ids:
        return {}
    rows = {row.id: row for row in session.execute(select(*COLUMNS).where(RunRow.id.in_(run_ids)))}
    return {run: rows[run] for run in run_ids if run in rows}


def found_jobs(session: Session, job_ids: Sequence[str]) -> dict[str, str]:
    """Name by id of the jobs of these that there are."""
    seen = JobRow.id.in_(set(job_ids)) & JobRow.requested.is_distinct_from(DELETE)
    return {row.id: row.name for row in session.execute(select(JobRow.id, JobRow.name).where(seen))}


def points(session: Session, job: str, name: str, *, most: int) -> list[Side]:
    """The sweep points of a job in its order, no more than `most`; of a search none that it has pruned."""
    query = select(*COLUMNS).where(jobs.counted(job)).order_by(RunRow.position).execution_options(yield_per=500)
    read: dict[str, Side] = {}
    with closing(session.execute(query)) as rows:
        for row in rows:
            key = json.dumps(row.point, sort_keys=True)
            if key not in read and len(read) >= most:
                break
            read.setdefault(key, Side(job, name, None, row.point, [])).members.append(member(row))
    return list(read.values())


def member(run: Row[Any]) -> Member:
    """A run as a member of its side."""
    return Member(run.id, run.seed, run.state, run.epoch, run.version, run.last_metrics or {})


def with_specs(session: Session, read: Sequence[Side]) -> list[Side]:
    """The sides with the specs of their first runs."""
    first = [side.members[0].id for side in read if side.members]
    rows = session.execute(select(RunRow.id, RunRow.spec).where(RunRow.id.in_(first)))
    specs = {row.id: row.spec for row in rows}
    return [replace(side, spec=specs.get(side.members[0].id, {})) if side.members else side for side in read]


def scalars(session: Session, compared: Sequence[Side], metric: str) -> Iterator[tuple[int, int, float]]:
    """Side, epoch and value of the metric of every run that learns, epoch by epoch; undefined ones are left out."""
    owners = {run: place for place, side in enumerate(compared) for run in side.learning}
    lengths = [member.epoch for side in compared for member in side.members if member.id in owners]
    longest = max(lengths, default=0)
    step = max(1, -(-longest // MOST_POINTS), -(-sum(lengths) // MOST_ROWS))
    places = [run for run, _ in sorted(owners.items(), key=lambda pair: pair[1])]
    query = metrics.curves_query(session, metric).where(EpochRow.run_id.in_(places))
    query = query.where(EpochRow.epoch % step == longest % step) if step > 1 else query
    for run, epoch, text in session.execute(query.execution_options(yield_per=2000)):
        value = from_json(text) if text is not None else None
        value = value.get(metric) if isinstance(value, dict) else value
        if value is not None:
            yield owners[run], epoch, value


def class_arrays(
    session: Session, run_ids: Sequence[str], names: Sequence[str], *, epoch: int | None = None
) -> Iterator[tuple[str, str, Series]]:
    """Run, name and array of each run's newest epoch that has the series, or of the epoch asked for."""
    wanted = SeriesRow.run_id.in_(run_ids) & SeriesRow.name.in_(names)
    query = select(SeriesRow.run_id, SeriesRow.name, SeriesRow.shape, SeriesRow.data).where(wanted)
    if epoch is None:
        newest = select(SeriesRow.run_id, SeriesRow.name, func.max(SeriesRow.epoch).label("epoch")).where(wanted)
        last = newest.group_by(SeriesRow.run_id, SeriesRow.name).subquery()
        same = (SeriesRow.run_id == last.c.run_id) & (SeriesRow.name == last.c.name)
        query = query.join(last, same & (SeriesRow.epoch == last.c.epoch))
    else:
        query = query.where(SeriesRow.epoch == epoch)
    for run, name, shape, data in session.execute(query.execution_options(yield_per=8)):
        yield run, name, Series(tuple(shape), data)


def class_facts(session: Session, run_ids: Sequence[str]) -> dict[str, Facts]:
    """What these runs said at their start: names and counts of the classes, device, notes."""
    rows = session.execute(select(RunRow.id, RunRow.info).where(RunRow.id.in_(run_ids)))
    return {row.id: row.info for row in rows}
