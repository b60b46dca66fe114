"""What a transaction sees: reads one snapshot, changes the newest rows."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from store import keys
from store.database.engine import Database
from store.database.tables import KeyRow
from tests.store.databases import reading, writing


def names(session: Session) -> list[str]:
    """The names of all keys, asked of the database."""
    return list(session.scalars(select(KeyRow.name).order_by(KeyRow.name)))


def test_a_read_sees_one_snapshot_whatever_is_committed_meanwhile(db: Database) -> None:
    writing(db, keys.create, name="a")
    with db.read() as session, ThreadPoolExecutor(1) as other:
        assert names(session) == ["a"]
        other.submit(writing, db, keys.create, name="b").result()
        assert names(session) == ["a"]
        assert other.submit(reading, db, names).result() == ["a", "b"]
    assert reading(db, names) == ["a", "b"]


def test_a_read_changes_nothing(db: Database) -> None:
    writing(db, keys.create, name="a")
    # PostgreSQL refuses; SQLite rolls back.
    with contextlib.suppress(DBAPIError), db.read() as session:
        session.execute(delete(KeyRow))
    assert reading(db, names) == ["a"]


def test_a_change_sees_what_was_committed_before_each_query(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer: nothing is committed beside it")

    def work(session: Session) -> list[str]:
        assert names(session) == []
        with ThreadPoolExecutor(1) as other:
            other.submit(writing, db, keys.create, name="b").result()
        return names(session)

    assert writing(db, work) == ["b"]


@pytest.mark.postgres
def test_a_connection_that_has_read_may_write_again(postgres_url: str) -> None:
    db = Database(postgres_url)
    with db.read() as session:
        assert session.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
        assert session.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
    settings = ("transaction_isolation", "transaction_read_only")
    with ThreadPoolExecutor(1) as one:
        shown = one.submit(
            writing, db, lambda session: [session.execute(text(f"SHOW {name}")).scalar_one() for name in settings]
        )
        assert shown.result() == ["read committed", "off"]
    db.dispose()
