"""Two transactions that meet at one run: the second decides by what the first has left, whichever they are."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from store import jobs
from store.database.engine import Database
from store.database.records import Claim, Run
from store.errors import Conflict
from store.lifecycle import claims, requests, runs, sweeper
from tests.history import findings
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import claim, submit


class Pausing(Database):
    """A database whose writers wait, everything written, before they commit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.written, self.go_on = threading.Event(), threading.Event()

    def _write_events(self, session: Session) -> None:
        super()._write_events(session)
        self.written.set()
        assert self.go_on.wait(20)


@pytest.fixture
def pausing(db: Database, database_url: str) -> Iterator[Pausing]:
    """A second way into the database."""
    other = Pausing(database_url)
    yield other
    other.dispose()


def crossed(pausing: Pausing, db: Database, first: Callable[[Database], Any], second: Callable[[Database], Any]) -> Any:
    """What `second` gives, begun while `first` has written and not yet committed."""
    with ThreadPoolExecutor(2) as pool:
        earlier = pool.submit(first, pausing)
        assert pausing.written.wait(20)
        later = pool.submit(second, db)
        wait_until_blocked(db)
        assert not later.done()
        pausing.go_on.set()
        earlier.result(20)
        answer = later.result(20)
    assert not findings(db)
    return answer


def wait_until_blocked(db: Database) -> None:
    """Somebody waits for a lock; SQLite, where every writer waits for the one before, does not tell."""
    if db.is_sqlite:
        time.sleep(0.2)
        return
    here = "datname = current_database() AND wait_event_type = 'Lock'"
    waiting = text(f"SELECT count(*) FROM pg_stat_activity WHERE {here}")
    deadline = time.monotonic() + 20
    with db.engine.connect() as connection:
        while not connection.scalar(waiting):
            connection.rollback()
            assert time.monotonic() < deadline
            time.sleep(0.02)


def ask_run(db: Database, run_id: str, action: str) -> Run:
    return writing(db, requests.request_run, run_id, action)


def ask_job(db: Database, run_id: str, action: str) -> Run:
    writing(db, requests.request_job, reading(db, runs.get, run_id).job_id, action)
    return reading(db, runs.get, run_id)


def hand_over(db: Database, held: Claim) -> Run:
    return writing(db, claims.finish, held, outcome="released")


asking = pytest.mark.parametrize("ask", [ask_run, ask_job])


@asking
@pytest.mark.parametrize("action", ["cancel", "pause"])
def test_a_request_meets_a_claim(pausing: Pausing, db: Database, ask: Callable[..., Run], action: str) -> None:
    (run,) = reading(db, jobs.list_runs, submit(db).id).items
    after = crossed(pausing, db, claim, lambda db: ask(db, run.id, action))
    assert (after.state, after.requested) == ("running", action)


@asking
@pytest.mark.parametrize(("action", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_a_hand_over_meets_a_request(
    pausing: Pausing, db: Database, ask: Callable[..., Run], action: str, state: str
) -> None:
    submit(db)
    held = claim(db)
    after = crossed(pausing, db, lambda db: ask(db, held.run_id, action), lambda db: hand_over(db, held))
    assert (after.state, after.requested) == (state, None)


@asking
@pytest.mark.parametrize(("action", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_a_request_meets_a_hand_over(
    pausing: Pausing, db: Database, ask: Callable[..., Run], action: str, state: str
) -> None:
    submit(db)
    held = claim(db)
    after = crossed(pausing, db, lambda db: hand_over(db, held), lambda db: ask(db, held.run_id, action))
    assert (after.state, after.requested) == (state, None)


def lost(db: Database, held: Claim) -> Run:
    writing(db, sweeper.report_loss, held, "the trainer died")
    return reading(db, runs.get, held.run_id)


def swept(db: Database, held: Claim) -> Run:
    writing(db, sweeper.take_back, held.run_id)
    return reading(db, runs.get, held.run_id)


@asking
@pytest.mark.parametrize("end", [lost, swept])
def test_a_loss_meets_a_request(
    pausing: Pausing, db: Database, ask: Callable[..., Run], end: Callable[[Database, Claim], Run]
) -> None:
    submit(db)
    held = claim(db, lease=-1)
    after = crossed(pausing, db, lambda db: ask(db, held.run_id, "cancel"), lambda db: end(db, held))
    assert (after.state, after.requested) == ("cancelled", None)


@asking
def test_a_request_meets_the_end(pausing: Pausing, db: Database, ask: Callable[..., Run]) -> None:
    submit(db)
    held = claim(db)
    with pytest.raises(Conflict, match="is succeeded"):
        crossed(
            pausing,
            db,
            lambda db: writing(db, claims.finish, held, outcome="succeeded"),
            lambda db: ask(db, held.run_id, "cancel"),
        )


@asking
def test_a_retry_meets_a_retry(pausing: Pausing, db: Database, ask: Callable[..., Run]) -> None:
    job = submit(db)
    held = claim(db)
    writing(db, claims.finish, held, outcome="failed")
    crossed(pausing, db, lambda db: ask(db, held.run_id, "retry"), lambda db: ask_run(db, held.run_id, "retry"))
    assert [run.retry_of for run in reading(db, jobs.list_runs, job.id).items] == [None, held.run_id]
