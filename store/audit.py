"""Who did what: one line per request that may change something."""

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from store import pages
from store.database import Database
from store.errors import BadCursor
from store.records import AuditEntry, Page
from store.tables import AuditRow

MAX_PATH = 500
FORGET_BATCH = 1000


def record(
    db: Database, *, key_id: str | None, key_name: str | None, method: str, path: str, status: int, address: str | None
) -> None:
    """Add a line."""

    def work(session: Session) -> None:
        values = {
            "key_id": key_id,
            "key_name": key_name,
            "method": method[:16],
            "path": path.encode("unicode_escape").decode()[:MAX_PATH],
            "status": status,
            "address": address,
            "at": db.now(session),
        }
        session.execute(insert(AuditRow), [values])

    db.write(work)


def entries(db: Database, *, limit: int = 100, cursor: str | None = None) -> Page[AuditEntry]:
    """Lines, newest first.

    Raises:
        BadCursor: no list gave the cursor out.
    """
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit + 1)
    if cursor is not None:
        place = pages.decode(cursor)
        if not place.isascii() or not place.isdigit() or len(place) > 18:
            raise BadCursor("cursor: not one that this list has given; start without it")
        query = query.where(AuditRow.id < int(place))
    with db.read() as session:
        rows = session.scalars(query).all()
    following = pages.encode(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page([entry_of(row) for row in rows[:limit]], following)


def forget(db: Database, *, older_than_seconds: float) -> int:
    """Delete some of the lines that are older; returns how many."""

    def work(session: Session) -> int:
        limit = db.now(session) - older_than_seconds
        old = list(
            session.scalars(select(AuditRow.id).where(AuditRow.at < limit).order_by(AuditRow.id).limit(FORGET_BATCH))
        )
        if old:
            session.execute(delete(AuditRow).where(AuditRow.id.in_(old)))
        return len(old)

    return db.write(work)


def entry_of(row: AuditRow) -> AuditEntry:
    """The record of a row."""
    return AuditEntry(row.id, row.at, row.key_id, row.key_name, row.method, row.path, row.status, row.address)
