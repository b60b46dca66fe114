"""Runs as the database has them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.database.records import DELETE, Run
from store.database.tables import JobRow, RunRow
from store.errors import NotFound


def get(session: Session, run_id: str) -> Run:
    """The run.

    Raises:
        NotFound: no such run, or its job is being deleted.
    """
    row = row_of(session, run_id)
    if session.scalar(select(JobRow.requested).where(JobRow.id == row.job_id)) == DELETE:
        raise NotFound(f"there is no run {run_id}")
    return row


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
