"""Runs as the database has them."""

from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from store.database.records import DELETE, Run
from store.database.tables import JobRow, RunRow
from store.errors import NotFound

R = TypeVar("R")
# Built once: to build a statement and to look its text up takes as long as to execute it.
SEEN = (RunRow.id == bindparam("run_id")) & JobRow.requested.is_distinct_from(DELETE)
RUN = select(RunRow).join(JobRow, JobRow.id == RunRow.job_id).where(SEEN)
VERSION = select(RunRow.version).join(JobRow, JobRow.id == RunRow.job_id).where(SEEN)


def get(session: Session, run_id: str) -> Run:
    """The run.

    Raises:
        NotFound: no such run, or its job is being deleted.
    """
    rows = session.scalars(RUN, {"run_id": run_id}, execution_options={"populate_existing": True})
    return one(rows.first(), run_id)


def version(session: Session, run_id: str) -> int:
    """The run's version, for whoever needs nothing else of it.

    Raises:
        NotFound: no such run, or its job is being deleted.
    """
    found: int | None = session.connection().scalar(VERSION, {"run_id": run_id})
    return one(found, run_id)


def one(found: R | None, run_id: str) -> R:
    """What was found of a run.

    Raises:
        NotFound: nothing.
    """
    if found is None:
        raise NotFound(f"there is no run {run_id}")
    return found


def row_of(session: Session, run_id: str, *, locked: bool = False) -> RunRow:
    """The run's row as the database has it now.

    Args:
        locked: nobody else changes it until the transaction ends; for whoever decides by what it says.

    Raises:
        NotFound: no such run.
    """
    lock = {"key_share": True} if locked else None
    return one(session.get(RunRow, run_id, populate_existing=True, with_for_update=lock), run_id)
