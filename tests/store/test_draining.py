"""Workers that drain claim nothing until they are resumed; what they train goes on."""

import threading
from typing import Any

import pytest
from sqlalchemy import text

from store import workers
from store.database.engine import Database, Session
from store.database.records import Claim, Memory, Worker
from store.errors import NotFound
from store.lifecycle import claims, sweeper
from store.lifecycle.waiting_line import waiting_line
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import epoch, submit
from tests.store.test_waiting import asking, run_of
from tests.store.test_waiting import worker as present

GIB = 2**30


def drain(db: Database, worker: str, *, draining: bool = True) -> Worker:
    return writing(db, workers.set_draining, worker, draining=draining, silent_after=60)


def claim_of(db: Database, worker: str) -> Claim | None:
    return claimed(db, worker_id=worker, device="cpu", lease_seconds=60)


def listed(db: Database) -> dict[str, Worker]:
    return {worker.id: worker for worker in reading(db, workers.list_workers, silent_after=60)}


def test_a_draining_worker_goes_on_with_its_run_and_claims_nothing(db: Database) -> None:
    submit(db, 2)
    one, other = present(db, "cpu"), present(db, "cpu")
    held = claim_of(db, one)
    assert held is not None
    assert drain(db, one).draining
    assert drain(db, one).draining
    assert claim_of(db, one) is None
    assert writing(db, claims.heartbeat, held, lease_seconds=60) is None
    epoch(db, held, 1)
    assert writing(db, claims.finish, held, outcome="succeeded").state == "succeeded"
    assert claim_of(db, one) is None
    assert not drain(db, one, draining=False).draining
    assert claim_of(db, one) is not None
    assert claim_of(db, other) is None


def test_a_draining_worker_takes_no_turn_from_a_key(db: Database) -> None:
    submit(db)
    worker = present(db, "cpu")
    drain(db, worker)
    assert claim_of(db, worker) is None
    with db.read() as session:
        assert session.execute(text("SELECT count(*) FROM owners")).scalar() == 0
    assert claim_of(db, present(db, "cpu")) is not None


def test_a_draining_worker_takes_no_run_beside_the_one_it_trains(db: Database) -> None:
    submit(db, 2)
    worker = present(db, "cpu")
    first = claim_of(db, worker)
    drain(db, worker)
    options: dict[str, Any] = {"worker_id": worker, "device": "cpu", "lease_seconds": 60}
    assert writing(db, claims.claim, beside=first, **options) is None


def test_draining_outlives_signs_of_life_and_ends_with_the_process(db: Database) -> None:
    worker = present(db, "cpu")
    assert not writing(db, workers.beat, worker)
    drain(db, worker)
    assert writing(db, workers.beat, worker)
    assert listed(db)[worker].draining
    writing(db, workers.leave, worker)
    started = present(db, "cpu")
    assert not listed(db)[started].draining
    with pytest.raises(NotFound, match=worker):
        drain(db, worker)
    assert not writing(db, workers.beat, worker)


def test_what_waits_for_workers_does_not_count_those_that_drain(db: Database) -> None:
    job = asking(db, "cuda")
    gpu = present(db, "cuda:0")
    present(db, "cpu")

    def reason() -> str:
        kinds = workers.kinds_that_claim(listed(db).values())
        return reading(db, waiting_line, kinds=kinds)[0].reason

    def message() -> str | None:
        sweeper.sweep(db, lease_seconds=60, sweep_seconds=1)
        said: str | None = run_of(db, job).message
        return said

    assert (reason(), message()) == ("waits for its turn", None)
    drain(db, gpu)
    assert (reason(), message()) == ("waits for cuda", "waits for a cuda worker; present: cpu")
    for worker in listed(db):
        drain(db, worker)
    assert (reason(), message()) == ("waits for a worker", "waits for a cuda worker; present: none")
    drain(db, gpu, draining=False)
    assert (reason(), message()) == ("waits for its turn", None)


def test_no_claim_is_committed_after_the_answer_to_a_drain(db: Database) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    submit(db)
    worker = present(db, "cpu")
    about_to_end, drained = threading.Event(), threading.Event()
    order: list[str] = []

    def slow_claim(session: Session) -> None:
        claims.claim(session, worker_id=worker, device="cpu", lease_seconds=60)
        about_to_end.set()
        assert not drained.wait(0.5)
        order.append("claimed")

    def drains() -> None:
        about_to_end.wait()
        drain(db, worker)
        order.append("drained")
        drained.set()

    thread = threading.Thread(target=drains)
    thread.start()
    db.write(slow_claim)
    thread.join()
    assert order == ["claimed", "drained"]


def test_memory_is_what_was_said_last(db: Database) -> None:
    facts: dict[str, Any] = {"hostname": "h", "pid": 1, "device": "cuda:0", "device_name": "a card", "version": "1"}
    worker = writing(db, workers.register, **facts, memory=Memory(79 * GIB, 70 * GIB))

    def seen() -> tuple[int | None, int | None]:
        return listed(db)[worker].memory_total_bytes, listed(db)[worker].memory_free_bytes

    assert seen() == (79 * GIB, 70 * GIB)
    writing(db, workers.beat, worker, memory=Memory(79 * GIB, 12 * GIB))
    assert seen() == (79 * GIB, 12 * GIB)
    writing(db, workers.beat, worker, memory=Memory(79 * GIB))
    assert seen() == (79 * GIB, None)


def test_workers_of_the_version_before_are_kept_and_do_not_drain(db: Database) -> None:
    submit(db)
    worker = present(db, "cpu")
    drain(db, worker)
    db.downgrade("0009")
    db.migrate()
    (kept,) = listed(db).values()
    assert (kept.id, kept.draining, kept.memory_total_bytes, kept.memory_free_bytes) == (worker, False, None, None)
    assert claim_of(db, worker) is not None
