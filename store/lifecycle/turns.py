"""Whose turn it is: the run that a free worker takes next.

Within a key, a level of priority counts like an hour of waiting: the order of a key's runs never changes, and nothing
waits for ever. Between keys the higher level goes first, and keys on one level take turns; a key waits since its last
turn, so that one with many old runs is not ahead of all others until they are done.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from store.database.engine import is_sqlite
from store.database.tables import OwnerRow, RunRow
from store.devices import offered
from store.errors import QuotaExceeded
from store.lifecycle.states import WAITING, Reason, State

LOCK_QUOTA = 7_205_023
AGEING_SECONDS = 3600.0
"""Waiting that counts like one level of priority."""


def rank(priority: int, created_at: float) -> float:
    """Place of a run among its key's, smaller first: when it would have been submitted at priority 0."""
    return created_at - priority * AGEING_SECONDS


def placed(run: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The columns of a new run with its place."""
    return {**run, "created_at": now, "rank": rank(run["priority"], now)}


def next_run(session: Session, now: float, *, device: str, accepts: Callable[[RunRow], bool]) -> RunRow | None:
    """The best waiting run that fits this device and no other worker is just taking, locked; notes its key's turn.

    Args:
        accepts: whether the worker can take the run whose turn it is. Where it cannot, nothing is taken: that run, and
            all behind it, wait, so that nothing that comes later keeps it waiting.
    """
    fitting = RunRow.wants.in_(offered(device)) & (RunRow.not_before.is_(None) | (RunRow.not_before <= now))
    ready = (RunRow.state == State.QUEUED) & fitting
    for owner in in_turn(session, ready, now):
        row = session.scalars(
            select(RunRow)
            .where(ready, RunRow.owner == owner)
            .order_by(RunRow.rank, RunRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is not None:
            if not accepts(row):
                return None
            note_turn(session, owner, now)
            return row
    return None


def in_turn(session: Session, ready: ColumnElement[bool], now: float) -> list[str]:
    """Keys with waiting runs, the next one first."""
    owners = waiting_owners(session)
    last_turns = {row.owner: row.turn_at for row in session.scalars(select(OwnerRow).where(OwnerRow.owner.in_(owners)))}
    places: list[tuple[float, float, float, str]] = []
    for owner in owners:
        first = select(RunRow.rank, RunRow.priority, RunRow.created_at).where(ready, RunRow.owner == owner)
        best = session.execute(first.order_by(RunRow.rank, RunRow.id).limit(1)).first()
        if best is not None:
            places.append(place_of(best, owner, last_turn=last_turns.get(owner, -math.inf), now=now))
    return [owner for *_, owner in sorted(places)]


def place_of(best: Any, owner: str, *, last_turn: float, now: float) -> tuple[float, float, float, str]:
    """The place of a key among the others, smaller first, by its best run."""
    waited = now - max(best.created_at, last_turn)
    level = best.priority + math.floor(waited / AGEING_SECONDS)
    return -level, last_turn, best.rank, owner


def waiting_owners(session: Session) -> list[str]:
    """Keys with waiting runs."""
    return list(session.connection().scalars(owners_of_waiting()))


@cache
def owners_of_waiting() -> Select[Any]:
    """An index is looked at once per key, however many runs wait."""
    first = select(func.min(RunRow.owner).label("owner")).where(RunRow.state == State.QUEUED).cte(recursive=True)
    other = aliased(RunRow)
    following = (
        select(func.min(other.owner)).where(other.state == State.QUEUED, other.owner > first.c.owner).scalar_subquery()
    )
    every = first.union_all(select(following).where(first.c.owner.is_not(None)))
    return select(every.c.owner).where(every.c.owner.is_not(None))


def note_turn(session: Session, owner: str, now: float) -> None:
    """Write down that a key has had its turn."""
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    statement = insert(OwnerRow).values(owner=owner, turn_at=now)
    session.execute(statement.on_conflict_do_update(index_elements=["owner"], set_={"turn_at": now}))


def refuse_beyond(session: Session, owner: str, limit: int | None, *, more: int = 0) -> None:
    """Enforce the key's queue limit; an advisory lock serialises the requests of one key.

    Raises:
        QuotaExceeded: with `more` that are about to be added there would be more than `limit`.
    """
    if limit is None:
        return
    if not is_sqlite(session):
        key = {"kind": LOCK_QUOTA, "owner": owner}
        session.execute(text("SELECT pg_advisory_xact_lock(:kind, hashtext(:owner))"), key)
    wanted = waiting_of(session, owner) + more
    if wanted > limit:
        raise QuotaExceeded(
            f"this key would have {wanted} runs waiting or paused and may have {limit}; wait, cancel some, or raise "
            "LPL_MAX_QUEUED_RUNS"
        )


def waiting_of(session: Session, owner: str) -> int:
    """Runs of a key that wait or are paused, and so can wait again at any time; not those at a rung of their search.

    If these counted, a search whose trials do not all fit in would wait for itself.
    """
    waiting = RunRow.state.in_(WAITING) & RunRow.reason.is_distinct_from(Reason.AT_RUNG) & (RunRow.owner == owner)
    return int(session.scalar(select(func.count()).select_from(RunRow).where(waiting)) or 0)
