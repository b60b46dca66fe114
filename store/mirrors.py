"""What a tracking server has not been told yet: a place in the event log, moved on once it has been."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store import events, leases
from store.database.engine import is_sqlite
from store.database.records import Event, Run
from store.database.tables import JobRow, MirroredRunRow, MirrorRow, RunRow

LEASE = "mirror"
BATCH = 500
"""Events told at once."""
TOLD = ("state", "epoch")
"""Kinds of events that a mirror is told of."""


@dataclass(frozen=True)
class JobFacts:
    """What a mirror says of a run's job."""

    id: str
    name: str
    method: str
    tags: list[str]


@dataclass(frozen=True)
class RunNews:
    """What has happened to a run; `remote_id` is None before the server has it."""

    run: Run
    job: JobFacts
    remote_id: str | None
    events: list[Event]


@dataclass(frozen=True)
class News:
    """The next part of the event log, by run; deleted runs and those that no worker ever took are left out."""

    position: int
    runs: list[RunNews]
    more: bool


def position(session: Session, mirror: str) -> int:
    """The last event that a mirror was told of, 0 before the first."""
    row = session.get(MirrorRow, mirror)
    return 0 if row is None else row.position


def news(session: Session, mirror: str, *, after: int) -> News:
    """What follows an event."""
    batch = events.after(session, after, limit=BATCH)
    by_run: dict[str, list[Event]] = {}
    for event in batch:
        if event.run_id is not None and event.kind in TOLD:
            by_run.setdefault(event.run_id, []).append(event)
    runs = {row.id: row for row in session.scalars(select(RunRow).where(RunRow.id.in_(by_run), RunRow.attempt > 0))}
    jobs = facts(session, {row.job_id for row in runs.values()})
    remote = select(MirroredRunRow.run_id, MirroredRunRow.remote_id)
    remote = remote.where(MirroredRunRow.mirror == mirror, MirroredRunRow.run_id.in_(runs))
    remote_ids = {row.run_id: row.remote_id for row in session.execute(remote)}
    told = [
        RunNews(row, jobs[row.job_id], remote_ids.get(row.id), by_run[row.id])
        for row in sorted(runs.values(), key=lambda row: row.id)
    ]
    return News(batch[-1].id if batch else after, told, len(batch) == BATCH)


def facts(session: Session, job_ids: set[str]) -> dict[str, JobFacts]:
    """What is said of jobs."""
    columns = (JobRow.id, JobRow.name, JobRow.method, JobRow.tags)
    return {row.id: JobFacts(*row) for row in session.execute(select(*columns).where(JobRow.id.in_(job_ids)))}


def advance(
    session: Session, mirror: str, *, position: int, remote_ids: Mapping[str, str], holder: str, seconds: float
) -> bool:
    """Note how far a mirror has been told, and new runs there; false where another process does this work now."""
    if not leases.take(session, name=LEASE, holder=holder, seconds=seconds):
        return False
    insert: Any = sqlite.insert if is_sqlite(session) else postgresql.insert
    moved = insert(MirrorRow).values(name=mirror, position=position)
    session.execute(moved.on_conflict_do_update(index_elements=["name"], set_={"position": position}))
    present = session.scalars(select(RunRow.id).where(RunRow.id.in_(remote_ids)).with_for_update(key_share=True))
    rows = [{"run_id": run_id, "mirror": mirror, "remote_id": remote_ids[run_id]} for run_id in present]
    if rows:
        session.execute(insert(MirroredRunRow).on_conflict_do_nothing(), rows)
    return True
