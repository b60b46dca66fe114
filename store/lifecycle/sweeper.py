"""Taking runs back from workers that have gone silent."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import ENDED, Claim, State, SweepResult
from store.database.tables import RunRow, SweeperRow
from store.errors import Conflict
from store.lifecycle import job_state, runs
from store.lifecycle import waiting as waits

MAX_LOSSES = 3
"""Attempts lost in a row without a newer checkpoint, after which a run fails."""
BATCH = 200


def sweep(db: Database, *, lease_seconds: float, sweep_seconds: float) -> SweepResult:
    """End the attempts whose lease has run out: back to the queue, or failed as `worker_lost` after three in a row.

    Where sweeps failed to come (see `gap_seconds`), the database or the whole service was away: workers then get one
    full lease to come back before anything is taken. Queued runs say which device no worker has.
    """
    waits.explain(db, silent_after=lease_seconds)
    if not db.write(lambda session: due(db, session, lease_seconds=lease_seconds, sweep_seconds=sweep_seconds)):
        return SweepResult(0, 0, waiting(db))
    with db.read() as session:
        late = (RunRow.state == State.RUNNING) & (RunRow.lease_expires_at < database_time(session))
        expired = list(session.scalars(select(RunRow.id).where(late).limit(BATCH)))
    states = [state for run_id in expired if (state := take_back(db, run_id)) is not None]
    ended = sum(state in ENDED for state in states)
    return SweepResult(len(states) - ended, ended, waiting(db))


def due(db: Database, session: Session, *, lease_seconds: float, sweep_seconds: float) -> bool:
    """Note this sweep; false while patience lasts."""
    now = database_time(session)
    insert = sqlite.insert if db.is_sqlite else postgresql.insert
    session.execute(insert(SweeperRow).values(id=1, last_at=now, patient_until=now).on_conflict_do_nothing())
    row = session.get_one(SweeperRow, 1, with_for_update=True)
    if now - row.last_at > gap_seconds(lease_seconds, sweep_seconds):
        row.patient_until = now + lease_seconds
    row.last_at = now
    return now >= row.patient_until


def gap_seconds(lease_seconds: float, sweep_seconds: float) -> float:
    """Time without a sweep after which something was away: several sweeps, but well before a lease can run out.

    A lease is renewed every quarter of it at least, so that an outage of three quarters may end one.
    """
    return max(1.5 * sweep_seconds, min(3 * sweep_seconds, lease_seconds / 2))


def take_back(db: Database, run_id: str) -> str | None:
    """End an attempt whose lease has run out; None where its worker came back in time."""

    def work(session: Session) -> str | None:
        row = runs.row_of(session, run_id, locked=True)
        late = (RunRow.attempt == row.attempt) & (RunRow.lease_expires_at < database_time(session))
        return lose(db, session, row, late, f"worker {row.worker} went silent")

    return db.write(work)


def report_loss(db: Database, claim: Claim, message: str) -> str | None:
    """End an attempt whose trainer died without a word, as its worker saw; None where the attempt is over already."""

    def work(session: Session) -> str | None:
        row = runs.row_of(session, claim.run_id, locked=True)
        standing = (RunRow.attempt == claim.attempt) & (RunRow.worker == claim.worker_id)
        return lose(db, session, row, standing, message)

    return db.write(work)


def lose(db: Database, session: Session, row: RunRow, condition: ColumnElement[bool], what: str) -> str | None:
    """Count a loss: the run waits again, or fails as `worker_lost` after the third in a row; returns the new state."""
    losses = row.losses + 1
    state, reason = runs.outcome_state("released", row.requested, None)
    message = f"{what} (loss {losses} of {MAX_LOSSES} in a row without a newer checkpoint)"
    if state == State.QUEUED and losses >= MAX_LOSSES:
        state, reason = State.FAILED, "worker_lost"
    values = {
        "state": state,
        "reason": reason,
        "message": message,
        "losses": losses,
        "finished_at": database_time(session) if state in ENDED else None,
    }
    try:
        runs.change(session, row.id, (RunRow.state == State.RUNNING) & condition, values)
    except Conflict:
        return None
    runs.say_state(session, row, state, requested=None, reason=reason or "worker_lost", message=message)
    job_state.refresh(db, session, row.job_id)
    return state


def waiting(db: Database) -> int:
    """Runs that wait for a worker."""
    with db.read() as session:
        return int(session.scalar(select(func.count()).where(RunRow.state == State.QUEUED)) or 0)
