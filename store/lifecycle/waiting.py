"""Which devices queued runs wait for, written into their messages where no worker has one."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from store import workers
from store.database.engine import Database
from store.database.tables import RunRow
from store.devices import ANY, CPU, WAITS_FOR
from store.lifecycle import transitions
from store.lifecycle.states import State
from store.lifecycle.table import Step
from store.lifecycle.transitions import BATCH


def explain(db: Database, *, silent_after: float) -> None:
    """Name in the messages of queued runs the device that no worker has, and take that back once one has it.

    Workers that are silent or draining do not count.

    A transaction for each kind of device, and at most `BATCH` runs in it: the next sweep explains more.
    """
    waiting = (RunRow.state == State.QUEUED) & (RunRow.wants != ANY)
    with db.read() as session:
        listed = workers.list_workers(session, silent_after=silent_after)
        wanted = session.scalars(select(RunRow.wants).where(waiting).distinct()).all()
    present = sorted(workers.kinds_that_claim(listed))
    for each in wanted:
        of_kind = waiting & (RunRow.wants == each)
        if each in present or (each == CPU and present):
            tell(db, of_kind & RunRow.message.startswith(WAITS_FOR), None)
        else:
            text = f"{WAITS_FOR}{each} worker; present: {', '.join(present) or 'none'}"
            tell(db, of_kind & RunRow.message.is_distinct_from(text), text)


def tell(db: Database, condition: ColumnElement[bool], text: str | None) -> None:
    """Give the runs that need it this message."""
    facts = select(RunRow.id, RunRow.job_id, RunRow.state, RunRow.reason, RunRow.requested, RunRow.attempt)
    query = facts.where(condition).order_by(RunRow.id).limit(BATCH)
    with db.read() as session:
        if session.execute(query.limit(1)).first() is None:
            return

    def work(session: Session) -> None:
        rows = session.execute(query.with_for_update(of=RunRow, key_share=True)).all()
        transitions.apply(session, rows, Step.EXPLAINED, message=text)

    db.write(work)
