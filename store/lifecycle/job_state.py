"""A job's state, progress and times, derived from its runs in the transaction that changed them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from store import events, webhook_events
from store.database.clock import database_time
from store.database.records import DELETE, Job
from store.database.tables import JobRow, RunRow
from store.errors import NotFound
from store.lifecycle import job_metrics, results, study_state
from store.lifecycle.sparkline import sparkline
from store.lifecycle.states import ENDED, Reason, State, derived_state
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
APART = (
    select(RunRow.reason, func.count().label("number"))
    .where(CURRENT, RunRow.state.in_((State.PAUSED, State.CANCELLED)))
    .where(RunRow.reason.in_((Reason.AT_RUNG, Reason.PRUNED)))
    .group_by(RunRow.reason)
)
DONE = select(func.sum(RunRow.progress).label("progress"), func.count().label("number")).where(CURRENT)
LOCK = (
    select(JobRow.requested, JobRow.study_id, JobRow.search_open)
    .where(JobRow.id == bindparam("job"))
    .with_for_update(key_share=True)
)
PROGRESS = (
    update(JobRow)
    .where(JobRow.id == bindparam("job"))
    .values(
        progress=func.coalesce(select(func.avg(RunRow.progress)).where(CURRENT).scalar_subquery(), 0.0),
        version=JobRow.version + 1,
    )
)
PROGRESS_OF_SEARCH = (
    update(JobRow)
    .where(JobRow.id == bindparam("job"))
    .values(progress=bindparam("progress"), version=JobRow.version + 1)
)
MOST_WHILE_OPEN = 0.99
"""Progress of a search that has more to decide, at most."""


def state_of_search(counts: Mapping[str, int], *, at_rung: int, pruned: int, going_on: State | None) -> State:
    """The state of a job whose runs are those of a search.

    Args:
        at_rung: those of the paused runs that wait for the search.
        pruned: those of the cancelled runs that the search has ended.
        going_on: the state while nothing but the search goes on; None: it is over.
    """
    others = Counter(counts)
    others.subtract({State.PAUSED: at_rung, State.CANCELLED: pruned})
    state = derived_state(others)
    if state not in ENDED:
        return state
    if going_on is None and not at_rung:
        return state if any(others.values()) else State.CANCELLED
    return going_on or State.PAUSED


def expected_runs(spec: Mapping[str, Any]) -> int:
    """Runs that the search of a job has in the end, unless its space is exhausted before; 0 without a search."""
    search = spec.get("search") or {}
    trials = (search.get("trials") or 0) + sum(search.get("added", ()))
    seeds = set(search.get("then_seeds", ())) - set(spec.get("seeds", ())[:1])
    return int(trials + min(trials, search.get("finalists", 1)) * len(seeds))


def share_done(done: float, runs: int, job: Any) -> float:
    """The progress of a job.

    Args:
        done: the sum of its runs' progress.
        job: what has the job's `search_open` and `spec`.
    """
    if not job.search_open:
        return done / max(1, runs)
    return min(MOST_WHILE_OPEN, done / max(1, runs, expected_runs(job.spec)))


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
    now, before = database_time(session), job.state
    state = state_of(session, job, counts)
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
            "progress": share_done(done, sum(counts.values()), job),
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


def state_of(session: Session, job: Job, counts: Mapping[str, int]) -> State:
    """The state of a job whose current runs have these states."""
    if not job.spec.get("search"):
        return derived_state(counts)
    apart = {row.reason: int(row.number) for row in session.connection().execute(APART, {"job": job.id})}
    at_rung, pruned = (apart.get(reason, 0) for reason in (Reason.AT_RUNG, Reason.PRUNED))
    begun = job.started_at is not None and job.state not in ENDED
    going_on = (State.RUNNING if begun else State.QUEUED) if job.search_open else None
    return state_of_search(counts, at_rung=at_rung, pruned=pruned, going_on=going_on)


def note_progress(session: Session, job_id: str) -> None:
    """Derive the job's progress anew where one of its runs went on and none changed its state; locks as `refresh`.

    Raises:
        NotFound: the job is deleted, or being so.
    """
    connection = session.connection()
    job = connection.execute(LOCK, {"job": job_id}).one_or_none()
    if job is None or job.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    if job.search_open:
        standing = connection.execute(DONE, {"job": job_id}).one()
        search = connection.execute(select(JobRow.search_open, JobRow.spec).where(JobRow.id == job_id)).one()
        progress = share_done(float(standing.progress or 0.0), int(standing.number), search)
        connection.execute(PROGRESS_OF_SEARCH, {"job": job_id, "progress": progress})
    else:
        connection.execute(PROGRESS, {"job": job_id})
    if job.study_id is not None:
        study_state.note_progress(session, job.study_id)
