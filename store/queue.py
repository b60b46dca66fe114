"""The queue as numbers."""

from sqlalchemy import func, select

from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import State
from store.database.tables import JobRow, RunRow


def run_counts(db: Database) -> dict[str, int]:
    """State -> number of runs, every state named."""
    with db.read() as session:
        rows = session.execute(select(RunRow.state, func.count()).group_by(RunRow.state)).all()
    return {state.value: 0 for state in State} | {state: int(number) for state, number in rows}


def job_counts(db: Database) -> dict[str, int]:
    """State -> number of jobs, every state named."""
    with db.read() as session:
        rows = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state)).all()
    return {state.value: 0 for state in State} | {state: int(number) for state, number in rows}


def oldest_waiting_seconds(db: Database) -> float | None:
    """Age of the run that has waited longest, None where none waits."""
    with db.read() as session:
        oldest = session.scalar(select(func.min(RunRow.created_at)).where(RunRow.state == State.QUEUED))
        return None if oldest is None else max(0.0, database_time(session) - oldest)
