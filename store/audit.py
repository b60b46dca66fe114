"""Who did what: one line per request, or command at the machine, that may change something."""

import getpass
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from store import cursors
from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import AuditEntry, Page
from store.database.tables import AuditRow
from store.errors import BadCursor

MAX_PATH = 500
MAX_ADDRESS = 100
FORGET_BATCH, FORGET_BATCHES = 500, 10


@dataclass(frozen=True)
class Line:
    """What is noted of a request or a command; the key is None where none was given or needed."""

    method: str
    path: str
    status: int
    key_id: str | None = None
    key_name: str | None = None
    address: str | None = None


def record(session: Session, lines: Sequence[Line]) -> None:
    """Add lines."""
    now = database_time(session)
    session.execute(insert(AuditRow), [values_of(line, now) for line in lines])


def record_command(session: Session, what: str, *, status: int) -> None:
    """Add the line of a command at the machine, with the status that the same request over HTTP would have had."""
    record(session, [Line(method="lpl", path=what, status=status, address=f"{user_name()}@{socket.gethostname()}")])


def user_name() -> str:
    """Who runs this process; containers may know no name for it."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "unknown"


def values_of(line: Line, now: float) -> dict[str, str | float | None]:
    """The columns of a line, cut to what is kept."""
    return {
        "key_id": line.key_id,
        "key_name": line.key_name,
        "method": line.method[:16],
        "path": line.path.encode("unicode_escape").decode()[:MAX_PATH],
        "status": line.status,
        "address": None if line.address is None else line.address[:MAX_ADDRESS],
        "at": now,
    }


@dataclass(frozen=True)
class Wanted:
    """Which lines are asked for.

    Attributes:
        key: by this key, named or identified.
        method: by this method.
        path: whose path holds this text.
        refused: answered with 400 or more.
    """

    key: str | None = None
    method: str | None = None
    path: str | None = None
    refused: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """What holds for such a line."""
        found: list[ColumnElement[bool]] = []
        if self.key:
            found.append((AuditRow.key_id == self.key) | (AuditRow.key_name == self.key))
        if self.method:
            found.append(AuditRow.method == self.method)
        if self.path:
            found.append(AuditRow.path.contains(self.path, autoescape=True))
        return [*found, AuditRow.status >= 400] if self.refused else found


def entries(
    session: Session, *, limit: int = 100, cursor: str | None = None, wanted: Wanted | None = None
) -> Page[AuditEntry]:
    """Lines, newest first.

    Raises:
        BadCursor: no list gave the cursor out.
    """
    conditions = wanted.conditions() if wanted else []
    query = select(AuditRow).where(*conditions).order_by(AuditRow.id.desc()).limit(limit + 1)
    if cursor is not None:
        place = cursors.decode(cursor)
        if not place.isascii() or not place.isdigit() or len(place) > 18:
            raise BadCursor("cursor: not one that this list has given; start without it")
        query = query.where(AuditRow.id < int(place))
    rows = session.scalars(query).all()
    following = cursors.encode(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(rows[:limit], following)


def forget(db: Database, *, older_than_seconds: float) -> int:
    """Delete lines that are older, some thousand at most, in small transactions; returns how many."""
    forgotten = 0
    for _ in range(FORGET_BATCHES):
        with db.read() as session:
            old = oldest(session, older_than_seconds=older_than_seconds)
        if old:
            db.write(partial(erase, line_ids=old))
        forgotten += len(old)
        if len(old) < FORGET_BATCH:
            break
    return forgotten


def oldest(session: Session, *, older_than_seconds: float) -> list[int]:
    """The first lines that are older, found by the index on their time and without a lock: mostly there are none."""
    limit = database_time(session) - older_than_seconds
    query = select(AuditRow.id).where(AuditRow.at < limit).order_by(AuditRow.at).limit(FORGET_BATCH)
    return list(session.scalars(query))


def erase(session: Session, line_ids: Sequence[int]) -> None:
    """Delete lines."""
    session.execute(delete(AuditRow).where(AuditRow.id.in_(line_ids)))
