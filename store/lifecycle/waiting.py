"""Which devices queued runs wait for, and what is said where no worker has one."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from store import devices, workers
from store.database.engine import Database
from store.database.records import State
from store.database.tables import RunRow
from store.devices import ANY, CPU, SAID
from store.lifecycle import job_state, runs

BATCH = 500
"""Runs that one transaction tells; the next sweep tells more."""


def explain(db: Database, *, silent_after: float) -> None:
    """Say in the messages of queued runs which device no living worker has, and take that back once one has it."""
    listed = workers.list_workers(db, silent_after=silent_after)
    present = sorted({devices.kind(worker.device) for worker in listed if worker.alive})
    waiting = (RunRow.state == State.QUEUED) & (RunRow.wants != ANY)
    with db.read() as session:
        wanted = session.scalars(select(RunRow.wants).where(waiting).distinct()).all()
    for each in wanted:
        of_kind = waiting & (RunRow.wants == each)
        if each in present or (each == CPU and present):
            tell(db, of_kind & RunRow.message.startswith(SAID), None)
        else:
            text = f"{SAID}{each} worker; present: {', '.join(present) or 'none'}"
            tell(db, of_kind & RunRow.message.is_distinct_from(text), text)


def tell(db: Database, condition: ColumnElement[bool], text: str | None) -> None:
    """Give the runs that need it this message."""
    query = select(RunRow.id, RunRow.job_id, RunRow.attempt).where(condition).order_by(RunRow.id).limit(BATCH)
    with db.read() as session:
        if session.execute(query.limit(1)).first() is None:
            return

    def work(session: Session) -> None:
        rows = session.execute(query.with_for_update(of=RunRow, key_share=True)).all()
        change(session, [row.id for row in rows], text)
        for row in rows:
            runs.say_state(session, row, State.QUEUED, requested=None, reason=None, message=text)
        for job_id in sorted({row.job_id for row in rows}):
            job_state.refresh(db, session, job_id)

    db.write(work)


def change(session: Session, run_ids: Sequence[str], text: str | None) -> None:
    """Write the message."""
    named = update(RunRow).where(RunRow.id.in_(run_ids), RunRow.state == State.QUEUED)
    values = {"message": text, "version": RunRow.version + 1}
    session.execute(named.values(**values).execution_options(synchronize_session=False))
