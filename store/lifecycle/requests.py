"""What users ask of runs and jobs: cancel, pause, resume, retry."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.orm import Session

from store import data_identity, devices
from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import DELETE, ENDED, Job, Run, State
from store.database.rows import job_of
from store.database.tables import JobRow, RunRow
from store.errors import Conflict, NotFound
from store.lifecycle import job_state, rewinds, runs, turns
from store.lifecycle.new_runs import queued_run

ACTIONS = ("cancel", "pause", "resume", "retry")
WAITING = (State.QUEUED, State.PAUSED)
RETRIABLE = (State.FAILED, State.CANCELLED)
KEPT = (
    RunRow.id,
    RunRow.job_id,
    RunRow.position,
    RunRow.seed,
    RunRow.point,
    RunRow.spec,
    RunRow.dataset,
    RunRow.data_sha256,
    RunRow.priority,
    RunRow.owner,
    RunRow.epochs,
)
"""What a retry has in common with the run that it replaces."""
WAITS_NO_LONGER = case((RunRow.message.startswith(devices.SAID), None), else_=RunRow.message)
"""The message of a run that leaves the queue: which device it waited for is over."""
BATCH = 500
"""Runs that one UPDATE names."""


def request_run(db: Database, run_id: str, action: str, *, max_queued: int | None = None) -> Run:
    """Ask for `cancel`, `pause`, `resume` or `retry`; a repeated request is harmless.

    A waiting run changes at once; a running one is told by its worker's next heartbeat. A retry is a new run in the old
    one's place; it is what this returns.

    Args:
        max_queued: most runs of one key that may wait after a retry.

    Raises:
        NotFound: no such run.
        Conflict: the run's state does not allow it.
        QuotaExceeded: too many of the owner's runs would wait.
    """

    def work(session: Session) -> str:
        row = runs.row_of(session, run_id, locked=True)
        if action == "retry":
            changed = retry_run(db, session, row)
            turns.refuse_beyond(db, session, row.owner, max_queued)
        else:
            apply_request(db, session, row, action)
            changed = run_id
        job_state.refresh(db, session, row.job_id)
        return changed

    return runs.get(db, db.write(work, urgent=action == "cancel"))


def request_job(db: Database, job_id: str, action: str, *, max_queued: int | None = None) -> Job:
    """Ask the same of every current run of a job that can take it; a repeated request is harmless.

    Args:
        max_queued: most runs of one key that may wait after a retry.

    Raises:
        NotFound: no such job.
        Conflict: no run of the job can take it.
        QuotaExceeded: too many of the owner's runs would wait.
    """

    def work(session: Session) -> Job:
        job = session.get(JobRow, job_id)
        if job is None or job.requested == DELETE:
            raise NotFound(f"there is no job {job_id}")
        current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
        # In one order and before any is looked at: none changes hands between two of the statements below.
        session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
        if action == "retry":
            retry_job(db, session, job_id, current)
            turns.refuse_beyond(db, session, job.owner or "", max_queued)
        else:
            change_all(db, session, current, action)
        job_state.refresh(db, session, job_id)

        return job_of(session.get_one(JobRow, job_id, populate_existing=True))

    return db.write(work, urgent=action == "cancel")


def change_all(db: Database, session: Session, current: ColumnElement[bool], action: str) -> None:
    """Carry a request out on all runs that can take it.

    Raises:
        Conflict: there is none.
    """
    taken, refusals = change_waiting(db, session, current, action), []
    for row in session.scalars(select(RunRow).where(current, RunRow.state.not_in(WAITING)).order_by(RunRow.id)).all():
        try:
            apply_request(db, session, row, action)
            taken += 1
        except Conflict as refusal:
            refusals.append(str(refusal))
    if not taken:
        raise Conflict(next(iter(refusals), "the job has no runs"))


def change_waiting(db: Database, session: Session, current: ColumnElement[bool], action: str) -> int:
    """Carry a request out on all waiting and paused runs at once; returns how many can take it.

    The caller has locked them.
    """
    asked = select(RunRow.id, RunRow.job_id, RunRow.state, RunRow.requested, RunRow.attempt)
    rows = session.execute(asked.where(current, RunRow.state.in_(WAITING)).order_by(RunRow.id)).all()
    steps: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        step = next_state(row, action)
        if step is not None:
            steps.setdefault((row.state, step[0]), []).append(row)
    for (old, new), members in steps.items():
        values: dict[str, Any] = {"state": new, "requested": None, "version": RunRow.version + 1}
        if new == State.CANCELLED:
            values |= {"reason": "cancelled_by_user", "finished_at": database_time(session)}
        if new == State.QUEUED:
            values |= {"not_before": None}
        if old == State.QUEUED:
            values |= {"message": WAITS_NO_LONGER}
        for start in range(0, len(members), BATCH):
            batch = [row.id for row in members[start : start + BATCH]]
            change = update(RunRow).where(RunRow.id.in_(batch)).values(**values)
            session.execute(change.execution_options(synchronize_session=False))
            if new == State.CANCELLED:
                rewinds.discard_uploads(session, batch)
        for row in members:
            runs.say_state(session, row, new, requested=None, reason=values.get("reason"))
    return len(rows)


def apply_request(db: Database, session: Session, row: RunRow, action: str) -> None:
    """Cancel, pause or resume in the caller's transaction.

    Raises:
        Conflict: the run's state does not allow it, or changed under the request.
    """
    step = next_state(row, action)
    if step is None:
        return
    state, requested = step
    values: dict[str, Any] = {"requested": requested}
    if state != row.state:
        values |= {"state": state}
        if state == State.CANCELLED:
            values |= {"reason": "cancelled_by_user", "finished_at": database_time(session)}
        if state == State.QUEUED:
            values |= {"not_before": None}
        if row.state == State.QUEUED:
            values |= {"message": WAITS_NO_LONGER}
    runs.change(session, row.id, (RunRow.state == row.state) & same_request(row), values)
    runs.say_state(session, row, state, requested=requested, reason=values.get("reason"))


def next_state(row: Any, action: str) -> tuple[str, str | None] | None:
    """(state, requested) after a request, None where there is nothing left to do.

    Raises:
        Conflict: the state does not allow the action.
    """
    state, requested = row.state, row.requested
    if action == "cancel":
        if state == State.CANCELLED or (state == State.RUNNING and requested == "cancel"):
            return None
        if state in (State.QUEUED, State.PAUSED):
            return State.CANCELLED, None
        if state == State.RUNNING:
            return state, "cancel"
    if action == "pause":
        if state == State.PAUSED or (state == State.RUNNING and requested == "pause"):
            return None
        if state == State.QUEUED:
            return State.PAUSED, None
        if state == State.RUNNING and requested is None:
            return state, "pause"
    if action == "resume":
        if state == State.QUEUED or (state == State.RUNNING and requested is None):
            return None
        if state == State.PAUSED:
            return State.QUEUED, None
        if state == State.RUNNING and requested == "pause":
            return state, None
    under_way = f" and about to {requested}" if requested else ""
    raise Conflict(f"run {row.id} is {state}{under_way}: it cannot {action}")


def retry_run(db: Database, session: Session, row: RunRow) -> str:
    """The id of a new run in the place of one that failed or was cancelled; the same again where it was retried before.

    Raises:
        Conflict: the run's state does not allow it.
    """
    if row.replaced:
        newer = session.scalar(select(RunRow.id).where(RunRow.job_id == row.job_id, RunRow.retry_of == row.id))
        if newer is not None:
            return newer
    if row.state not in RETRIABLE:
        raise Conflict(f"run {row.id} is {row.state}: only a failed or cancelled run can be retried")
    (fresh,) = replace(db, session, [row])
    return fresh.id


def retry_job(db: Database, session: Session, job_id: str, current: ColumnElement[bool]) -> None:
    """New runs in the places of all that failed or were cancelled; nothing where retries are under way already.

    Raises:
        Conflict: there is nothing to retry.
    """
    rows = session.execute(select(*KEPT).where(current, RunRow.state.in_(RETRIABLE)).order_by(RunRow.id)).all()
    if rows:
        replace(db, session, rows)
        return
    under_way = (RunRow.retry_of.is_not(None)) & RunRow.state.not_in(ENDED)
    if session.scalar(select(RunRow.id).where(current, under_way).limit(1)) is None:
        raise Conflict(f"job {job_id} has no failed or cancelled run: there is nothing to retry")


def replace(db: Database, session: Session, rows: Sequence[Any]) -> list[RunRow]:
    """Runs in the places of these, which the caller has locked.

    Raises:
        Conflict: their data have changed.
    """
    data_identity.refuse_changed(session, rows)
    now = database_time(session)
    for start in range(0, len(rows), BATCH):
        old = RunRow.id.in_([row.id for row in rows[start : start + BATCH]])
        values = {"replaced": True, "version": RunRow.version + 1}
        session.execute(update(RunRow).where(old).values(**values).execution_options(synchronize_session=False))
    fresh = [
        queued_run(
            **{column.key: getattr(row, column.key) for column in KEPT if column is not RunRow.id},
            retry_of=row.id,
            created_at=now,
        )
        for row in rows
    ]
    session.add_all(fresh)
    session.flush()
    for row in fresh:
        runs.say_state(session, row, State.QUEUED, requested=None, reason=None)
    return fresh


def same_request(row: RunRow) -> ColumnElement[bool]:
    """That nothing else was requested meanwhile."""
    return RunRow.requested.is_(None) if row.requested is None else RunRow.requested == row.requested
