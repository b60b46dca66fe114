"""The event log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.database.records import Event
from store.database.tables import EventRow


def record(session: Session, kind: str, data: Mapping[str, Any], *, job_id: str | None, run_id: str | None) -> None:
    """Add an event to the caller's transaction; it is written as the last thing before the commit."""
    session.info.setdefault("events", []).append({"kind": kind, "data": dict(data), "job_id": job_id, "run_id": run_id})


def after(
    session: Session, event_id: int, *, job: str | None = None, run: str | None = None, limit: int = 500
) -> list[Event]:
    """The events that follow an id, oldest first, of a job or a run or of everything."""
    query = select(EventRow).where(EventRow.id > event_id).order_by(EventRow.id).limit(limit)
    if job is not None:
        query = query.where(EventRow.job_id == job)
    if run is not None:
        query = query.where(EventRow.run_id == run)
    return list(session.scalars(query))


def logs(session: Session, run_id: str, *, after_id: int = 0, limit: int = 500) -> list[Event]:
    """Log lines of a run, oldest first."""
    query = (
        select(EventRow)
        .where(EventRow.run_id == run_id, EventRow.id > after_id, EventRow.kind == "log")
        .order_by(EventRow.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def bounds(session: Session) -> tuple[int, int]:
    """(oldest, latest) id in the log, (0, 0) where it is empty."""
    oldest = session.scalar(select(func.min(EventRow.id)))
    latest = session.scalar(select(func.max(EventRow.id)))
    return int(oldest or 0), int(latest or 0)
