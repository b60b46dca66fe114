"""What users ask of runs and jobs: cancel, pause, resume, retry."""

from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from store import job_state, rewinds, runs, turns
from store.database import Database
from store.errors import Conflict, NotFound
from store.identifiers import new_id
from store.records import Job, Run, State
from store.rows import job_of
from store.tables import JobRow, RunRow

ACTIONS = ("cancel", "pause", "resume", "retry")
WAITING = (State.QUEUED, State.PAUSED)
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
        changed = apply_request(db, session, row, action)
        if changed != run_id:
            turns.refuse_beyond(db, session, row.owner, max_queued)
        job_state.refresh(db, session, row.job_id)
        return changed

    return runs.get(db, db.write(work))


def request_job(db: Database, job_id: str, action: str, *, max_queued: int | None = None) -> Job:
    """Ask the same of every current run of a job that can take it; a repeated request is harmless.

    Args:
        max_queued: most runs of one key that may wait after a retry.

    Raises:
        NotFound: no such job.
        Conflict: no run of the job can take it.
        QuotaExceeded: too many of the owner's runs would wait.
    """

    def work(session: Session) -> None:
        job = session.get(JobRow, job_id)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
        # In one order and before any is looked at: none changes hands between two of the statements below.
        session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
        taken = 0
        if action != "retry":
            taken = change_waiting(db, session, current, action)
            current &= RunRow.state.not_in(WAITING)
        refusals = []
        for row in session.scalars(select(RunRow).where(current).order_by(RunRow.id)).all():
            try:
                apply_request(db, session, row, action)
                taken += 1
            except Conflict as refusal:
                refusals.append(str(refusal))
        if not taken:
            raise Conflict(refusals[0] if refusals else f"job {job_id} has no runs")
        if action == "retry":
            turns.refuse_beyond(db, session, job.owner or "", max_queued)
        job_state.refresh(db, session, job_id)

    db.write(work)
    with db.read() as session:
        row = session.get(JobRow, job_id)
        if row is None:
            raise NotFound(f"there is no job {job_id}")
        return job_of(row)


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
            values |= {"reason": "cancelled_by_user", "finished_at": db.now(session)}
        if new == State.QUEUED:
            values |= {"not_before": None}
        for start in range(0, len(members), BATCH):
            batch = [row.id for row in members[start : start + BATCH]]
            change = update(RunRow).where(RunRow.id.in_(batch), RunRow.state == old).values(**values)
            session.execute(change.execution_options(synchronize_session=False))
            if new == State.CANCELLED:
                rewinds.discard_uploads(session, batch)
        for row in members:
            runs.say_state(session, row, new, requested=None, reason=values.get("reason"))
    return len(rows)


def apply_request(db: Database, session: Session, row: RunRow, action: str) -> str:
    """Carry a request out in the caller's transaction; returns the id of the run that it concerns.

    Raises:
        Conflict: the run's state does not allow it, or changed under the request.
    """
    if action == "retry":
        return retry(db, session, row)
    step = next_state(row, action)
    if step is None:
        return row.id
    state, requested = step
    values: dict[str, Any] = {"requested": requested}
    if state != row.state:
        values |= {"state": state}
        if state == State.CANCELLED:
            values |= {"reason": "cancelled_by_user", "finished_at": db.now(session)}
        if state == State.QUEUED:
            values |= {"not_before": None}
    runs.change(session, row.id, (RunRow.state == row.state) & same_request(row), values)
    runs.say_state(session, row, state, requested=requested, reason=values.get("reason"))
    return row.id


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


def retry(db: Database, session: Session, row: RunRow) -> str:
    """A new run in the place of one that failed or was cancelled; the same again where it was retried before."""
    if row.replaced:
        newer = session.scalar(select(RunRow.id).where(RunRow.job_id == row.job_id, RunRow.retry_of == row.id))
        if newer is not None:
            return newer
    if row.state not in (State.FAILED, State.CANCELLED):
        raise Conflict(f"run {row.id} is {row.state}: only a failed or cancelled run can be retried")
    runs.change(session, row.id, RunRow.replaced.is_(False), {"replaced": True})
    fresh = queued_run(
        job_id=row.job_id,
        position=row.position,
        seed=row.seed,
        point=row.point,
        spec=row.spec,
        dataset=row.dataset,
        priority=row.priority,
        owner=row.owner,
        epochs=row.epochs,
        retry_of=row.id,
        created_at=db.now(session),
    )
    session.add(fresh)
    session.flush()
    runs.say_state(session, fresh, State.QUEUED, requested=None, reason=None)
    return fresh.id


def queued_run(
    *,
    job_id: str,
    position: int,
    seed: int,
    point: dict[str, Any],
    spec: dict[str, Any],
    dataset: str,
    priority: int,
    owner: str,
    epochs: int,
    retry_of: str | None,
    created_at: float,
) -> RunRow:
    """A run that waits for its first worker."""
    return RunRow(
        id=new_id("r"),
        job_id=job_id,
        position=position,
        seed=seed,
        point=point,
        spec=spec,
        dataset=dataset,
        priority=priority,
        owner=owner,
        rank=turns.rank(priority, created_at),
        state=State.QUEUED,
        attempt=0,
        losses=0,
        retry_of=retry_of,
        replaced=False,
        progress=0.0,
        epoch=0,
        epochs=epochs,
        info={},
        created_at=created_at,
        version=1,
    )


def same_request(row: RunRow) -> ColumnElement[bool]:
    """That nothing else was requested meanwhile."""
    return RunRow.requested.is_(None) if row.requested is None else RunRow.requested == row.requested
