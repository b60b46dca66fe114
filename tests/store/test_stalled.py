"""A writer that freezes, or is cut off, in the middle of a transaction: the others go on."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from store.database.engine import Database
from store.errors import DatabaseUnavailable
from store.lifecycle import runs, sweeper
from tests.store.databases import reading
from tests.store.test_life_cycle import claim, submit

pytestmark = pytest.mark.postgres


@pytest.fixture
def frozen(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database whose stalled transactions end after a second."""
    monkeypatch.setattr("store.database.engine.STALLED_SECONDS", 1)
    database = Database(postgres_url)
    database.migrate()
    yield database
    database.dispose()


@pytest.mark.parametrize(
    "held",
    ["SELECT * FROM sweeper FOR UPDATE", "SELECT * FROM runs FOR UPDATE", "SELECT pg_advisory_xact_lock(7205022)"],
)
def test_a_frozen_writer_keeps_its_locks_for_a_moment_only(frozen: Database, held: str) -> None:
    submit(frozen)
    sweeper.sweep(frozen, lease_seconds=0, sweep_seconds=10)
    taken = claim(frozen, lease=0.0)
    begun, wake, undone = threading.Event(), threading.Event(), []

    def work(session: Session) -> None:
        undone.append(begun.is_set())
        if not begun.is_set():
            session.execute(text(held))
            begun.set()
            wake.wait()
        session.execute(text("SELECT 1"))

    writer = threading.Thread(target=frozen.write, args=(work,))
    writer.start()
    assert begun.wait(10)
    sweeper.sweep(frozen, lease_seconds=0, sweep_seconds=10)
    assert reading(frozen, runs.get, taken.run_id).state == "queued"
    wake.set()
    writer.join(10)
    assert not writer.is_alive()
    assert undone == [False, True]  # its transaction was undone, and done again when it woke


def test_a_reader_that_stalled_is_told_in_the_stores_own_words(frozen: Database) -> None:
    def read() -> None:
        with frozen.read() as session:
            session.execute(text("SELECT 1"))
            time.sleep(2)
            session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        read()


def test_a_migration_may_take_its_time(frozen: Database) -> None:
    with frozen._migrating() as connection:
        time.sleep(1.5)
        assert connection.execute(text("SELECT 1")).scalar() == 1
