"""Leases: of many processes one at a time does a named work. Time is the database's."""

from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.engine import Database, is_sqlite
from store.database.tables import LeaseRow
from store.identifiers import new_id


class Lease:
    """One process's claim to a work.

    Ask `held()` again before it runs out, a third of its time is usual; whoever stays silent for longer is replaced.
    To be sure that a write is the holder's, call `take` with `name` and `holder` in the transaction that writes.
    """

    def __init__(self, db: Database, name: str, *, seconds: float) -> None:
        self._db, self.name, self.seconds = db, name, seconds
        self.holder = new_id("h")

    def held(self) -> bool:
        """Take the lease or renew it; false while another process holds it, which costs a read alone.

        Raises:
            DatabaseUnavailable: the database does not answer, so that nobody can know.
        """
        with self._db.read() as session:
            if held_by_another(session, self.name, self.holder):
                return False
        return self._db.write(partial(take, name=self.name, holder=self.holder, seconds=self.seconds))

    def release(self) -> None:
        """Let another process have it at once."""
        self._db.write(partial(release, name=self.name, holder=self.holder))


def take(session: Session, *, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease for the caller's transaction and after it; false where another holds it.

    The row stays locked until the transaction ends: what is written beside it, the holder has written. A lease that ran
    out is renewed where nobody took it meanwhile.
    """
    now = database_time(session)
    dialect: Any = sqlite if is_sqlite(session) else postgresql
    values = {"holder": holder, "expires_at": now + seconds}
    mine = (LeaseRow.holder == holder) | (LeaseRow.expires_at <= now)
    insert = dialect.insert(LeaseRow).values(name=name, **values)
    taken = insert.on_conflict_do_update(index_elements=[LeaseRow.name], set_=values, where=mine)
    return session.scalars(taken.returning(LeaseRow.holder)).first() is not None


def release(session: Session, *, name: str, holder: str) -> None:
    """Give a lease back; one that another process has taken stays that one's."""
    session.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder))


def held_by_another(session: Session, name: str, holder: str) -> bool:
    """Whether somebody else holds a lease that has not run out."""
    theirs = (LeaseRow.name == name) & (LeaseRow.holder != holder) & (LeaseRow.expires_at > database_time(session))
    return session.scalar(select(LeaseRow.name).where(theirs)) is not None
