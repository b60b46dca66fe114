"""What workers do with runs: take them, keep them, write under their attempt and end it.

Every write carries the attempt of its claim; where the run has moved on it changes nothing and raises LeaseLost.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, select, update
from sqlalchemy.orm import Session

from store import data_identity, events, workers
from store.database.clock import database_time
from store.database.records import Checkpoint, Claim, Run
from store.database.rows import dataset_of
from store.database.tables import CheckpointRow, DatasetRow, RunRow
from store.errors import Conflict, LeaseLost
from store.lifecycle import job_state, packing, runs, transitions, turns
from store.lifecycle.rewinds import rewind
from store.lifecycle.states import Outcome, State
from store.lifecycle.table import Step, Trigger

OF_A_DATASET = ("name", "format", "path", "task", "sha256", "rules", "target", "split")
"""What the trainer gets of a registered data set."""


@dataclass(frozen=True)
class Unfit:
    """A run whose turn it was and that cannot be trained; it has just ended."""

    run_id: str


def claim(
    session: Session,
    *,
    worker_id: str,
    device: str,
    lease_seconds: float,
    one_core: bool = False,
    beside: Claim | None = None,
) -> Claim | Unfit | None:
    """Take the run whose turn it is (see `store.lifecycle.turns`).

    None where nothing waits that this device fits, or where the worker is draining.

    The claim raises the run's attempt; what an earlier attempt recorded beyond the resumed checkpoint is taken back in
    the same transaction, with a `rewind` event. After an `Unfit` the caller tries again in a new transaction: many such
    runs in one would hold SQLite's writer for too long.

    Args:
        one_core: whether some cores of the worker's CPU are taken already: a run that needs all of them waits then.
        beside: a run that the worker has just claimed. The one whose turn it is is taken only where it may train in the
            same process (see `store.lifecycle.packing`); both attempts are then `packed`.

    Raises:
        LeaseLost: another attempt owns the run `beside`, or it has ended.
    """
    now = database_time(session)
    if beside is not None:
        runs.row_of(session, beside.run_id, locked=True)  # before the other's: who waits for a run holds no other

    def accepts(row: RunRow) -> bool:
        fits = packing.may_join(row, beside) if beside else row.one_core or not one_core
        return fits and not workers.is_draining(session, worker_id)

    row = turns.next_run(session, now, device=device, accepts=accepts)
    if row is None:
        return None
    unchanged, attempt = RunRow.attempt == row.attempt, row.attempt + 1
    dataset = session.get(DatasetRow, row.dataset)
    if change_of_data := data_identity.change_of(row, dataset):
        transitions.apply(session, [row], Step.DATA_CHANGED, fence=unchanged, message=change_of_data)
        return Unfit(row.id)
    if beside is not None:
        fenced(session, beside, {"packed": True})
    resume = rewind(session, row)
    transitions.apply(
        session,
        [row],
        Step.CLAIMED,
        fence=unchanged,
        attempt=attempt,
        worker=worker_id,
        device=device,
        packed=beside is not None,
        lease_expires_at=now + lease_seconds,
        started_at=row.started_at or now,
    )
    registered = [registered_entry(dataset)] if dataset else []
    about = (row.seed, row.spec, resume, registered, row.one_core, row.alone, row.stop_epoch)
    return Claim(row.id, row.job_id, attempt, worker_id, *about)


def registered_entry(row: DatasetRow) -> dict[str, Any]:
    """A registered data set as the trainer gets it."""
    record = dataset_of(row)
    return {field: getattr(record, field) for field in OF_A_DATASET}


def heartbeat(session: Session, claim: Claim, *, lease_seconds: float, progress: float | None = None) -> str | None:
    """Renew the lease, also an expired one while the attempt stands; returns what is requested of the run.

    Raises:
        LeaseLost: another attempt owns the run, or it has ended.
    """
    values: dict[str, Any] = {"lease_expires_at": database_time(session) + lease_seconds}
    if progress is not None:
        values |= {"progress": min(max(progress, 0.0), 1.0)}
    fenced(session, claim, values)
    if progress is not None:
        job_state.note_progress(session, claim.job_id)
    return session.scalar(select(RunRow.requested).where(RunRow.id == claim.run_id))


def log(session: Session, claim: Claim, level: str, message: str) -> None:
    """Add a log line to the run's events.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    fenced(session, claim, {})
    data = {"run": claim.run_id, "attempt": claim.attempt, "level": level, "message": message[:8000]}
    events.record(session, "log", data, job_id=claim.job_id, run_id=claim.run_id)


def reject_checkpoint(session: Session, claim: Claim, checkpoint_id: str) -> Checkpoint | None:
    """Give up a checkpoint whose content is damaged; the run goes back to the one before, which is returned.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    fenced(session, claim, {})
    session.execute(update(CheckpointRow).where(CheckpointRow.id == checkpoint_id).values(superseded=True))
    return rewind(session, runs.row_of(session, claim.run_id))


def finish(
    session: Session, claim: Claim, *, outcome: str, reason: str | None = None, message: str | None = None
) -> Run:
    """End the attempt: `succeeded`, `failed`, `cancelled`, `paused`, `at_rung`, or `released` for another worker.

    A release or pause while a cancel is requested ends as cancelled, a release while a pause is requested as paused. A
    run that was paused though the request has been taken back waits again. One that reaches its rung while a pause is
    requested is the user's to resume; it then comes back to its rung.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    row = runs.row_of(session, claim.run_id, locked=True)
    end_attempt(session, claim, row, Outcome(outcome), reason=reason, message=message)
    return runs.get(session, claim.run_id)


def halve_batch(session: Session, claim: Claim, message: str) -> Run | None:
    """Let a run that ran out of memory go on from its last checkpoint, each batch computed in twice as many parts.

    None where its spec does not ask for that, or where parts are single examples already.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    row = runs.row_of(session, claim.run_id, locked=True)
    parts = 2 * int(row.spec.get("accumulation_steps", 1))
    if row.spec.get("on_out_of_memory") != "halve_batch" or parts > int(row.spec.get("batch_size", 1)):
        return None
    text, spec = f"{message}; goes on with accumulation_steps {parts}", {**row.spec, "accumulation_steps": parts}
    end_attempt(session, claim, row, Step.BATCH_HALVED, spec=spec, message=text)
    return runs.get(session, claim.run_id)


def leave_pack(session: Session, claim: Claim, message: str) -> Run | None:
    """Let a run that ran out of memory beside others go on alone from its last checkpoint; None where it was alone.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    row = runs.row_of(session, claim.run_id, locked=True)
    if not row.packed:
        return None
    text = f"{message}; it shared its process with other runs and goes on alone"
    end_attempt(session, claim, row, Step.OUT_OF_MEMORY_PACKED, message=text)
    return runs.get(session, claim.run_id)


def end_attempt(session: Session, claim: Claim, row: RunRow, trigger: Trigger, **brought: Any) -> None:
    """Move the claimed run by the table.

    Raises:
        LeaseLost: another attempt owns it, or it has ended.
    """
    with over_where_refused(claim):
        transitions.apply(session, [row], trigger, fence=standing(claim), **brought)


def fenced(session: Session, claim: Claim, values: Mapping[str, Any]) -> None:
    """Update the claimed run while its attempt stands.

    Raises:
        LeaseLost: it does not.
    """
    held = {"run": claim.run_id, "held_attempt": claim.attempt, "held_by": claim.worker_id}
    if session.connection().execute(fenced_update(tuple(values)), {**held, **values}).rowcount != 1:
        raise lost(claim)


@cache
def fenced_update(columns: tuple[str, ...]) -> Update:
    """Writes columns of a run while an attempt stands; built once, since every epoch of every run comes through here.

    SQLite would go through all that run by the bare column of the state.
    """
    mine = (RunRow.attempt == bindparam("held_attempt")) & (RunRow.worker == bindparam("held_by"))
    stands = (RunRow.id == bindparam("run")) & (transitions.UNINDEXED_STATE == State.RUNNING) & mine
    changes: dict[str, Any] = {column: bindparam(column) for column in columns}
    return update(RunRow).where(stands).values(**changes, version=RunRow.version + 1)


def standing(claim: Claim) -> ColumnElement[bool]:
    """That the run is still this claim's."""
    return (RunRow.state == State.RUNNING) & (RunRow.attempt == claim.attempt) & (RunRow.worker == claim.worker_id)


def lost(claim: Claim) -> LeaseLost:
    """The claim's attempt no longer stands."""
    return LeaseLost(f"attempt {claim.attempt} of run {claim.run_id} is over")


@contextmanager
def over_where_refused(claim: Claim) -> Iterator[None]:
    """Turn Conflict into LeaseLost."""
    try:
        yield
    except Conflict as error:
        raise lost(claim) from error
