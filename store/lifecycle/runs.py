"""The run's life cycle as workers drive it.

Users drive it in `store.lifecycle.requests`, time in `store.lifecycle.sweeper`.

Drawn in docs/lifecycle.md:

    queued -> running -> succeeded | failed | cancelled
    running -> queued (handed over, lease lost), running -> paused -> queued
    queued -> paused | cancelled | failed (its data have changed), paused -> cancelled

Every transition is one conditional UPDATE. A worker's writes carry the attempt of its claim; where the run has moved on
they change nothing and raise LeaseLost.
"""

from typing import Any

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from store import data_identity, events
from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import DELETE, ENDED, Checkpoint, Claim, Run, State
from store.database.rows import run_of
from store.database.tables import CheckpointRow, DatasetRow, JobRow, RunRow
from store.datasets import dataset_of
from store.errors import Conflict, LeaseLost, NotFound
from store.lifecycle import job_state, turns
from store.lifecycle.rewinds import discard_uploads, rewind

OUTCOMES = ("succeeded", "failed", "cancelled", "paused", "released")


def get(db: Database, run_id: str) -> Run:
    """The run.

    Raises:
        NotFound: no such run, or its job is being deleted.
    """
    with db.read() as session:
        row = row_of(session, run_id)
        if session.scalar(select(JobRow.requested).where(JobRow.id == row.job_id)) == DELETE:
            raise NotFound(f"there is no run {run_id}")
        return run_of(row)


def claim(db: Database, *, worker_id: str, device: str, lease_seconds: float) -> Claim | None:
    """Take the run whose turn it is (see `store.lifecycle.turns`). None where nothing waits that this device fits.

    The claim raises the run's attempt; what an earlier attempt recorded beyond the resumed checkpoint is taken back in
    the same transaction, with a `rewind` event.
    """

    def work(session: Session) -> Claim | State | None:
        now = database_time(session)
        row = turns.next_run(db, session, now, device=device)
        if row is None:
            return None
        dataset = session.get(DatasetRow, row.dataset)
        if change_of_data := data_identity.change_of(row, dataset):
            return fail_waiting(db, session, row, data_identity.REASON, change_of_data)
        values = {
            "state": State.RUNNING,
            "attempt": row.attempt + 1,
            "worker": worker_id,
            "device": device,
            "lease_expires_at": now + lease_seconds,
            "started_at": row.started_at or now,
            "reason": None,
            "message": None,
            "requested": None,
        }
        change(session, row.id, (RunRow.state == State.QUEUED) & (RunRow.attempt == row.attempt), values)
        resume = rewind(session, row)
        say_state(session, row, State.RUNNING, requested=None, reason=None, attempt=row.attempt + 1)
        job_state.refresh(db, session, row.job_id)
        registered = [registered_entry(dataset)] if dataset else []
        return Claim(row.id, row.job_id, row.attempt + 1, worker_id, row.seed, row.spec, resume, registered)

    while True:
        taken = db.write(work)
        if not isinstance(taken, State):
            return taken


def fail_waiting(db: Database, session: Session, row: RunRow, reason: str, message: str) -> State:
    """End a waiting run that cannot be trained; returns its state."""
    values = {"state": State.FAILED, "reason": reason, "message": message[:4000], "finished_at": database_time(session)}
    change(session, row.id, (RunRow.state == State.QUEUED) & (RunRow.attempt == row.attempt), values)
    say_state(session, row, State.FAILED, requested=None, reason=reason, message=message[:4000])
    job_state.refresh(db, session, row.job_id)
    return State.FAILED


def registered_entry(row: DatasetRow) -> dict[str, Any]:
    """A registered data set as the trainer gets it."""
    record = dataset_of(row)
    return {field: getattr(record, field) for field in ("name", "format", "path", "task", "sha256", "rules")}


def reject_checkpoint(db: Database, claim: Claim, checkpoint_id: str) -> Checkpoint | None:
    """Give up a checkpoint whose content is damaged; the run goes back to the one before, which is returned."""

    def work(session: Session) -> Checkpoint | None:
        fenced(session, claim, {})
        session.execute(update(CheckpointRow).where(CheckpointRow.id == checkpoint_id).values(superseded=True))
        return rewind(session, row_of(session, claim.run_id))

    return db.write(work)


def heartbeat(db: Database, claim: Claim, *, lease_seconds: float, progress: float | None = None) -> str | None:
    """Renew the lease, also an expired one while the attempt stands; returns what is requested of the run.

    Raises:
        LeaseLost: another attempt owns the run, or it has ended.
    """

    def work(session: Session) -> str | None:
        values: dict[str, Any] = {"lease_expires_at": database_time(session) + lease_seconds}
        if progress is not None:
            values |= {"progress": min(max(progress, 0.0), 1.0)}
        fenced(session, claim, values)
        if progress is not None:
            job_state.refresh(db, session, claim.job_id)
        return session.scalar(select(RunRow.requested).where(RunRow.id == claim.run_id))

    return db.write(work)


def finish(db: Database, claim: Claim, *, outcome: str, reason: str | None = None, message: str | None = None) -> Run:
    """End the attempt: `succeeded`, `failed`, `cancelled`, `paused`, or `released` for another worker to go on.

    A release or pause while a cancel is requested ends as cancelled, a release while a pause is requested as paused. A
    run that was paused though the request has been taken back waits again.

    Raises:
        LeaseLost: another attempt owns the run.
    """

    def work(session: Session) -> None:
        row = row_of(session, claim.run_id, locked=True)
        state, why = outcome_state(outcome, row.requested, reason)
        values: dict[str, Any] = {
            "state": state,
            "reason": why,
            "message": message[:4000] if message else None,
        }
        if state in ENDED:
            values |= {"finished_at": database_time(session)}
        if state == State.SUCCEEDED:
            values |= {"progress": 1.0}
        fenced(session, claim, values)
        say_state(session, row, state, requested=None, reason=why, message=values["message"])
        job_state.refresh(db, session, claim.job_id, result=row.last_metrics if state == State.SUCCEEDED else None)

    db.write(work)
    return get(db, claim.run_id)


def halve_batch(db: Database, claim: Claim, message: str) -> Run | None:
    """Let a run that ran out of memory go on from its last checkpoint, each batch computed in twice as many parts.

    None where its spec does not ask for that, or where parts are single examples already.

    Raises:
        LeaseLost: another attempt owns the run.
    """

    def work(session: Session) -> bool:
        row = row_of(session, claim.run_id, locked=True)
        parts = 2 * int(row.spec.get("accumulation_steps", 1))
        if row.spec.get("on_out_of_memory") != "halve_batch" or parts > int(row.spec.get("batch_size", 1)):
            return False
        state, reason = outcome_state("released", row.requested, None)
        text = f"{message}; goes on with accumulation_steps {parts}"[:4000]
        values = {
            "spec": {**row.spec, "accumulation_steps": parts},
            "state": state,
            "reason": reason,
            "message": text,
            "finished_at": database_time(session) if state in ENDED else None,
        }
        fenced(session, claim, values)
        say_state(session, row, state, requested=None, reason=reason or "out_of_memory", message=text)
        job_state.refresh(db, session, claim.job_id)
        return True

    return get(db, claim.run_id) if db.write(work) else None


def outcome_state(outcome: str, requested: str | None, reason: str | None) -> tuple[str, str | None]:
    """(state, reason) that an attempt's outcome leads to."""
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome: {outcome!r} is none of {', '.join(OUTCOMES)}")
    if outcome == "cancelled" or (outcome in ("paused", "released") and requested == "cancel"):
        return State.CANCELLED, reason or "cancelled_by_user"
    if outcome in ("paused", "released"):
        return (State.PAUSED if requested == "pause" else State.QUEUED), None
    return outcome, reason


def log(db: Database, claim: Claim, level: str, message: str) -> None:
    """Add a log line to the run's events.

    Raises:
        LeaseLost: another attempt owns the run.
    """

    def work(session: Session) -> None:
        fenced(session, claim, {})
        data = {"run": claim.run_id, "attempt": claim.attempt, "level": level, "message": message[:8000]}
        events.record(session, "log", data, job_id=claim.job_id, run_id=claim.run_id)

    db.write(work)


def fenced(session: Session, claim: Claim, values: dict[str, Any]) -> None:
    """Update the claimed run while its attempt stands.

    Raises:
        LeaseLost: it does not.
    """
    standing = (RunRow.state == State.RUNNING) & (RunRow.attempt == claim.attempt) & (RunRow.worker == claim.worker_id)
    try:
        change(session, claim.run_id, standing, values)
    except Conflict as error:
        raise LeaseLost(f"attempt {claim.attempt} of run {claim.run_id} is over") from error


def change(session: Session, run_id: str, condition: ColumnElement[bool], values: dict[str, Any]) -> None:
    """One conditional UPDATE of a run; one that ends gives up what it was uploading.

    Raises:
        Conflict: the condition does not hold.
    """
    result = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id, condition)
        .values({**values, **given_up(values.get("state")), "version": RunRow.version + 1})
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount == 0:
        raise Conflict(f"run {run_id} has changed meanwhile; look again")
    if values.get("state") in ENDED:
        discard_uploads(session, [run_id])


def given_up(state: str | None) -> dict[str, Any]:
    """What a run that enters a state leaves behind: without a worker it has no lease and no request, and only one that
    has ended still says who trained it."""
    if state is None or state == State.RUNNING:
        return {}
    lease = {"lease_expires_at": None, "requested": None}
    return lease if state in ENDED else {**lease, "worker": None, "device": None}


def row_of(session: Session, run_id: str, *, locked: bool = False) -> RunRow:
    """The run's row as the database has it now.

    Args:
        locked: nobody else changes it until the transaction ends; for whoever decides by what it says.

    Raises:
        NotFound: no such run.
    """
    lock = {"key_share": True} if locked else None
    row = session.get(RunRow, run_id, populate_existing=True, with_for_update=lock)
    if row is None:
        raise NotFound(f"there is no run {run_id}")
    return row


def say_state(
    session: Session,
    row: Any,
    state: str,
    *,
    requested: str | None,
    reason: str | None,
    message: str | None = None,
    attempt: int | None = None,
) -> None:
    """A `state` event of a run."""
    data = {
        "job": row.job_id,
        "run": row.id,
        "state": state,
        "requested": requested,
        "reason": reason,
        "message": message,
        "attempt": row.attempt if attempt is None else attempt,
    }
    events.record(session, "state", data, job_id=row.job_id, run_id=row.id)
