"""A job's state, progress and times, derived from its runs in the transaction that changed them."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from store import events, webhook_events
from store.database.clock import database_time
from store.database.records import DELETE
from store.database.tables import JobRow, RunRow
from store.errors import NotFound
from store.lifecycle import job_metrics, results, study_state
from store.lifecycle.sparkline import sparkline
from store.lifecycle.states import ENDED, State, derived_state
from store.webhook_events import WebhookEvent

CURRENT = (RunRow.job_id == bindparam("job")) & RunRow.replaced.is_(False)
STANDING = (
    select(
        RunRow.state,
        func.count().label("number"),
        func.sum(RunRow.progress).label("progress"),
        func.min(RunRow.requested).label("requested"),
    )
    .where(CURRENT)
    .group_by(RunRow.state)
)
DERIVED = (
    update(JobRow)
    .where(JobRow.id == bindparam("job"))
    .values(
        state=bindparam("state"),
        requested=bindparam("requested"),
        progress=bindparam("progress"),
        run_states=bindparam("run_states"),
        results=bindparam("results"),
        sparkline=bindparam("sparkline"),
        started_at=bindparam("started_at"),
        finished_at=bindparam("finished_at"),
        runs_total=select(func.count()).where(RunRow.job_id == bindparam("job")).scalar_subquery(),
        version=JobRow.version + 1,
    )
)
LOCK = select(JobRow.requested, JobRow.study_id).where(JobRow.id == bindparam("job")).with_for_update(key_share=True)
PROGRESS = (
    update(JobRow)
    .where(JobRow.id == bindparam("job"))
    .values(
        progress=func.coalesce(select(func.avg(RunRow.progress)).where(CURRENT).scalar_subquery(), 0.0),
        version=JobRow.version + 1,
    )
)


def refresh(session: Session, job_id: str, *, succeeded: Sequence[Any] = ()) -> None:
    """Derive the job anew; writes a `state` event where its state changed and `end` where it ended.

    The job's row is locked first, so that of two runs that end at once the second sees the first. It is the lock that
    an UPDATE takes: a transaction that has written a run twice holds a shared lock on the job's key (PostgreSQL checks
    the foreign key again), and two of these that both ask for the whole row would wait for each other.

    Args:
        succeeded: the runs that have just succeeded.

    Raises:
        NotFound: the job is deleted, or being so.
    """
    job = session.get(JobRow, job_id, populate_existing=True, with_for_update={"key_share": True})
    if job is None or job.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    connection = session.connection()
    standing = {row.state: row for row in connection.execute(STANDING, {"job": job_id})}
    counts = {state: int(row.number) for state, row in standing.items()}
    done = sum(float(row.progress or 0.0) for row in standing.values())
    state = derived_state(counts)
    now = database_time(session)
    before = job.state
    kept = reduce(results.with_run, (run.last_metrics for run in succeeded if run.last_metrics), job.results)
    if kept != job.results:
        job_metrics.keep(session, job_id, kept)
    curve = sparkline(session, succeeded[0]) if succeeded and not job.sparkline else job.sparkline
    ended_at = job.finished_at if before == state and job.finished_at else now
    connection.execute(
        DERIVED,
        {
            "job": job_id,
            "state": state,
            "requested": standing[State.RUNNING].requested if State.RUNNING in standing else None,
            "progress": done / max(1, sum(counts.values())),
            "run_states": counts,
            "results": kept,
            "sparkline": curve,
            "started_at": job.started_at or (now if state == State.RUNNING else None),
            "finished_at": ended_at if state in ENDED else None,
        },
    )
    if before != state:
        events.record(session, "state", {"job": job_id, "state": state}, job_id=job_id, run_id=None)
        if state in ENDED:
            events.record(session, "end", {"job": job_id, "state": state}, job_id=job_id, run_id=None)
            webhook_events.announce(session, WebhookEvent(f"job.{state}"), job_id=job_id)
    if job.study_id is not None:
        study_state.refresh(session, job.study_id)


def note_progress(session: Session, job_id: str) -> None:
    """Derive the job's progress anew where one of its runs went on and none changed its state; locks as `refresh`.

    Raises:
        NotFound: the job is deleted, or being so.
    """
    connection = session.connection()
    job = connection.execute(LOCK, {"job": job_id}).one_or_none()
    if job is None or job.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    connection.execute(PROGRESS, {"job": job_id})
    if job.study_id is not None:
        study_state.note_progress(session, job.study_id)
