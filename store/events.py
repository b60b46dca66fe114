"""The event log."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select
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
    wanted = {name: value for name, value in (("job_id", job), ("run_id", run)) if value is not None}
    return list(session.scalars(following(*wanted), {"event_id": event_id, "limit": limit, **wanted}))


@cache
def following(*named: str) -> Select[Any]:
    """Events that have values in named columns; built once, since whoever follows a job asks again and again."""
    query = select(EventRow).where(EventRow.id > bindparam("event_id"))
    query = query.order_by(EventRow.id).limit(bindparam("limit", type_=Integer))
    return query.where(*(getattr(EventRow, name) == bindparam(name) for name in named))


def logs(
    session: Session, run_id: str, *, after_id: int | None = None, newest_first: bool = False, limit: int = 500
) -> list[Event]:
    """Log lines of a run, oldest first or newest first, beyond a line in that direction."""
    query = select(EventRow).where(EventRow.run_id == run_id, EventRow.kind == "log").limit(limit)
    if after_id is not None:
        query = query.where(EventRow.id < after_id if newest_first else EventRow.id > after_id)
    return list(session.scalars(query.order_by(EventRow.id.desc() if newest_first else EventRow.id)))


HISTORY = ("state", "checkpoint", "rewind")
"""Kinds of events that say what has happened to a run; the others are what it has measured and said."""


def history(
    session: Session, run_id: str, *, kinds: Sequence[str] = HISTORY, before_id: int | None = None, limit: int = 100
) -> list[Event]:
    """What has happened to a run, newest first."""
    found = select(EventRow).where(EventRow.run_id == run_id, EventRow.kind.in_(kinds))
    before = found if before_id is None else found.where(EventRow.id < before_id)
    return list(session.scalars(before.order_by(EventRow.id.desc()).limit(limit)))


def bounds(session: Session) -> tuple[int, int]:
    """(oldest, latest) id in the log, (0, 0) where it is empty."""
    oldest = session.scalar(select(func.min(EventRow.id)))
    latest = session.scalar(select(func.max(EventRow.id)))
    return int(oldest or 0), int(latest or 0)
