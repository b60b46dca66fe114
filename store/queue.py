"""The queue as numbers."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.tables import JobRow, RunRow
from store.lifecycle.states import State


def run_counts(session: Session) -> dict[str, int]:
    """State -> number of runs, every state named."""
    rows = session.execute(select(RunRow.state, func.count()).group_by(RunRow.state))
    return every_state({state: int(number) for state, number in rows})


def job_counts(session: Session) -> dict[str, int]:
    """State -> number of jobs, every state named."""
    rows = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
    return every_state({state: int(number) for state, number in rows})


def every_state(counts: dict[str, int]) -> dict[str, int]:
    """The counts with 0 for the states that have none."""
    return {state.value: 0 for state in State} | counts


def oldest_waiting_seconds(session: Session) -> float | None:
    """Age of the run that has waited longest, None where none waits."""
    oldest = session.scalar(select(func.min(RunRow.created_at)).where(RunRow.state == State.QUEUED))
    return None if oldest is None else max(0.0, database_time(session) - oldest)
