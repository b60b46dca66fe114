"""Taking runs back from workers that have gone silent."""

import logging
from functools import partial

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.engine import Database, is_sqlite
from store.database.records import Claim, SweepResult
from store.database.tables import RunRow, SweeperRow
from store.errors import Conflict, StoreError
from store.lifecycle import runs, transitions, waiting
from store.lifecycle.claims import standing
from store.lifecycle.states import ENDED, State
from store.lifecycle.table import Step

MAX_LOSSES = 3
"""Attempts lost in a row without a newer checkpoint, after which a run fails."""
BATCH = 200
"""Runs that one sweep takes back; the next takes more."""
log = logging.getLogger(__name__)


def sweep(db: Database, *, lease_seconds: float, sweep_seconds: float) -> SweepResult:
    """End the attempts whose lease has run out: back to the queue, or failed as `worker_lost` after three in a row.

    Where sweeps failed to come (see `gap_seconds`), the database or the whole service was away: workers then get one
    full lease to come back before anything is taken. Queued runs say which device no worker has. Each run is taken back
    in a transaction of its own, so that no writer waits for many; one that fails keeps no other from it.
    """
    waiting.explain(db, silent_after=lease_seconds)
    states: list[State] = []
    if db.write(partial(due, lease_seconds=lease_seconds, sweep_seconds=sweep_seconds)):
        with db.read() as session:
            run_ids = list(session.scalars(select(RunRow.id).where(expired(session)).limit(BATCH)))
        states = [state for run_id in run_ids if (state := taken_back(db, run_id)) is not None]
    ended = sum(state in ENDED for state in states)
    with db.read() as session:
        return SweepResult(len(states) - ended, ended, queued(session))


def due(session: Session, *, lease_seconds: float, sweep_seconds: float) -> bool:
    """Record this sweep. False during the grace lease after an outage, which a clock set back cannot prolong."""
    now = database_time(session)
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    session.execute(insert(SweeperRow).values(id=1, last_at=now, patient_until=now).on_conflict_do_nothing())
    row = session.get_one(SweeperRow, 1, with_for_update=True)
    if now - row.last_at > gap_seconds(lease_seconds, sweep_seconds):
        row.patient_until = now + lease_seconds
    row.last_at, row.patient_until = now, min(row.patient_until, now + lease_seconds)
    return now >= row.patient_until


def gap_seconds(lease_seconds: float, sweep_seconds: float) -> float:
    """Time without a sweep after which something was away: several sweeps, but well before a lease can run out.

    A lease is renewed every quarter of it at least, so that an outage of three quarters may end one.
    """
    return max(1.5 * sweep_seconds, min(3 * sweep_seconds, lease_seconds / 2))


def expired(session: Session) -> ColumnElement[bool]:
    """That a run's lease has run out."""
    return (RunRow.state == State.RUNNING) & (RunRow.lease_expires_at < database_time(session))


def taken_back(db: Database, run_id: str) -> State | None:
    """`take_back` in a transaction of its own; None too where that fails, which the next sweep tries again."""
    try:
        return db.write(partial(take_back, run_id=run_id))
    except StoreError as error:
        log.warning("run %s cannot be taken back: %s", run_id, error)
        return None


def take_back(session: Session, run_id: str) -> State | None:
    """End an attempt whose lease has run out; None where its worker came back in time."""
    row = runs.row_of(session, run_id, locked=True)
    late = (RunRow.attempt == row.attempt) & expired(session)
    return lose(session, row, late, f"worker {row.worker} went silent")


def report_loss(session: Session, claim: Claim, message: str) -> State | None:
    """End an attempt whose trainer died without a word, as its worker saw; None where the attempt is over already."""
    return lose(session, runs.row_of(session, claim.run_id, locked=True), standing(claim), message)


def lose(session: Session, row: RunRow, fence: ColumnElement[bool], what: str) -> State | None:
    """Count a loss: the run waits again, or fails as `worker_lost` after the third in a row; returns the new state.

    That of a run that shared its process with others is not counted; it goes on alone.
    """
    if row.packed:
        step, losses = Step.LOST_PACKED, row.losses
        message = f"{what}; it shared its process with other runs and goes on alone (no loss counted)"
    else:
        losses = row.losses + 1
        step = Step.LOST if losses < MAX_LOSSES else Step.LOST_TOO_OFTEN
        message = f"{what} (loss {losses} of {MAX_LOSSES} in a row without a newer checkpoint)"
    try:
        return transitions.apply(session, [row], step, fence=fence, losses=losses, message=message)[row.id]
    except Conflict:
        return None


def queued(session: Session) -> int:
    """Runs that wait for a worker."""
    return int(session.scalar(select(func.count()).where(RunRow.state == State.QUEUED)) or 0)
