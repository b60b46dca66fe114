"""The runs that come next, in the order in which workers would take them, and why each still waits."""

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.tables import JobRow, OwnerRow, RunRow
from store.devices import ANY, CPU
from store.lifecycle import turns
from store.lifecycle.states import State

COLUMNS = (
    RunRow.id,
    RunRow.job_id,
    JobRow.name,
    RunRow.priority,
    RunRow.rank,
    RunRow.created_at,
    RunRow.wants,
    RunRow.not_before,
)
BETWEEN_TURNS = 1e-3
"""Seconds between two turns as they are reckoned here: only their order counts."""


@dataclass(frozen=True)
class Waiting:
    """A run that waits; `position` counts from 1."""

    run: str
    job: str
    name: str
    priority: int
    position: int
    reason: str


def waiting_line(session: Session, *, kinds: Collection[str], limit: int = 50) -> list[Waiting]:
    """The first runs of the queue as it stands; those that no worker can take come last.

    Args:
        kinds: of the devices of living workers that are not draining; where there is none the order is that of any
            worker.
    """
    now = database_time(session)
    takeable = {ANY, CPU, *kinds}
    unfit = RunRow.wants.not_in(takeable) if kinds else RunRow.wants.is_(None)
    later = RunRow.not_before.is_not(None) & (RunRow.not_before > now)
    queued = RunRow.state == State.QUEUED
    rows = in_order(session, queued & ~unfit & (RunRow.not_before.is_(None) | ~later), now, limit)
    if len(rows) < limit:
        rest = select(*COLUMNS).join(JobRow).where(queued, unfit | later).order_by(RunRow.rank, RunRow.id)
        rows += session.execute(rest.limit(limit - len(rows))).all()
    return [
        Waiting(row.id, row.job_id, row.name, row.priority, position, reason_of(row, now, kinds, takeable))
        for position, row in enumerate(rows, start=1)
    ]


def in_order(session: Session, ready: ColumnElement[bool], now: float, limit: int) -> list[Any]:
    """Runs as they would be taken one after the other: a key that has had its turn waits anew."""
    lines: dict[str, deque[Any]] = {}
    for owner in turns.waiting_owners(session):
        own = select(*COLUMNS).join(JobRow).where(ready, RunRow.owner == owner).order_by(RunRow.rank, RunRow.id)
        if rows := session.execute(own.limit(limit)).all():
            lines[owner] = deque(rows)
    taken = session.scalars(select(OwnerRow).where(OwnerRow.owner.in_(lines)))
    last_turns = dict.fromkeys(lines, -math.inf) | {row.owner: row.turn_at for row in taken}
    order: list[Any] = []
    while lines and len(order) < limit:
        places = [turns.place_of(line[0], key, last_turn=last_turns[key], now=now) for key, line in lines.items()]
        *_, owner = min(places)
        order.append(lines[owner].popleft())
        now += BETWEEN_TURNS
        last_turns[owner] = now
        if not lines[owner]:
            del lines[owner]
    return order


def reason_of(row: Any, now: float, kinds: Collection[str], takeable: Collection[str]) -> str:
    """Why a run waits."""
    if not kinds:
        return "waits for a worker"
    if row.wants not in takeable:
        return f"waits for {row.wants}"
    if row.not_before is not None and row.not_before > now:
        return f"waits {math.ceil(row.not_before - now)} s more"
    return "waits for its turn"
