"""Whose run is next: priorities with ageing within a key, turns between keys, and what a key may have waiting."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from store import jobs
from store.database.engine import Database
from store.database.records import NewRun
from store.errors import QuotaExceeded
from store.lifecycle import claims, requests
from store.lifecycle.turns import AGEING_SECONDS
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import SPEC

HOUR = AGEING_SECONDS


def submit(db: Database, owner: str, *, number: int = 1, priority: int = 5, **options: Any) -> str:
    new = [NewRun(seed=seed, point={}, spec=SPEC, epochs=1) for seed in range(number)]
    spec = {**SPEC, "priority": priority}
    return writing(db, jobs.submit, jobs.new_job(spec=spec, runs=new, method="lpl", owner=owner), **options).job.id


def owners_of_next(db: Database, number: int) -> str:
    """Owners of the next runs, a letter each."""
    owners = []
    for _ in range(number):
        taken = claimed(db, worker_id="w_1", device="cpu", lease_seconds=60)
        if taken is not None:
            with db.read() as session:
                owners.append(session.execute(text(f"SELECT owner FROM runs WHERE id = '{taken.run_id}'")).scalar_one())
            writing(db, claims.finish, taken, outcome="succeeded")
    return "".join(owners)


def test_keys_take_turns_however_much_one_has_submitted(db: Database) -> None:
    submit(db, "a", number=50)
    submit(db, "b", number=2)
    submit(db, "c", number=3)
    assert owners_of_next(db, 9) == "abcabcaca"


@pytest.mark.parametrize("hours", [0.5, 1.5, 30.0])
def test_keys_take_turns_however_much_earlier_one_has_submitted(db: Database, hours: float) -> None:
    submit(db, "a", number=8)
    assert owners_of_next(db, 1) == "a"
    db.clock_offset += hours * HOUR
    if hours > 1:
        assert owners_of_next(db, 1) == "a"
    submit(db, "b", number=3)
    assert owners_of_next(db, 6) in ("bababa", "ababab")


def test_a_higher_priority_goes_first_whoever_has_it(db: Database) -> None:
    submit(db, "a", number=3, priority=4)
    submit(db, "b", number=2, priority=6)
    assert owners_of_next(db, 5) == "bbaaa"


def test_waiting_counts_like_priority_so_that_nothing_starves(db: Database) -> None:
    low = submit(db, "a", priority=0)
    taken: list[str] = []
    while low not in taken:
        # Another key asks for the highest priority all the time.
        submit(db, "b", priority=9)
        claim = claimed(db, worker_id="w_1", device="cpu", lease_seconds=60)
        assert claim is not None
        taken.append(claim.job_id)
        writing(db, claims.finish, claim, outcome="succeeded")
        db.clock_offset += HOUR / 2
    assert 17 <= len(taken) <= 21


def test_within_a_key_the_order_is_fixed_at_submission(db: Database) -> None:
    first = submit(db, "a", priority=5)
    db.clock_offset += 0.9 * HOUR
    higher = submit(db, "a", priority=6)
    db.clock_offset += 1.2 * HOUR
    too_late = submit(db, "a", priority=6)
    taken = [claimed(db, worker_id="w", device="cpu", lease_seconds=60) for _ in range(3)]
    assert [claim and claim.job_id for claim in taken] == [higher, first, too_late]


def test_a_key_may_have_so_many_runs_waiting_and_no_more(db: Database) -> None:
    submit(db, "a", number=3, max_queued=5)
    with pytest.raises(QuotaExceeded, match="would have 6 runs waiting or paused and may have 5; wait, cancel some"):
        submit(db, "a", number=3, max_queued=5)
    submit(db, "b", number=5, max_queued=5)
    assert owners_of_next(db, 1) == "a"
    submit(db, "a", number=3, max_queued=5)
    with db.read() as session:
        assert session.execute(text("SELECT count(*) FROM runs WHERE owner = 'a'")).scalar_one() == 6


@pytest.mark.parametrize("whole", [True, False])
def test_pausing_and_retrying_are_no_way_around_the_limit(db: Database, whole: bool) -> None:
    def ask(job: str, action: str) -> None:
        if whole:
            writing(db, requests.request_job, job, action, max_queued=3)
        else:
            for run in reading(db, jobs.list_runs, job).items:
                writing(db, requests.request_run, run.id, action, max_queued=3)

    paused = submit(db, "a", number=2, max_queued=3)
    ask(paused, "pause")
    with pytest.raises(QuotaExceeded, match="would have 4 runs waiting or paused and may have 3"):
        submit(db, "a", number=2, max_queued=3)
    ask(paused, "resume")
    ask(paused, "cancel")
    submit(db, "a", number=2, max_queued=3)
    with pytest.raises(QuotaExceeded, match="would have 4 runs waiting or paused and may have 3"):
        ask(paused, "retry")
    assert len(reading(db, jobs.list_runs, paused).items) == (2 if whole else 3)


def test_submissions_at_once_do_not_exceed_the_limit(db: Database) -> None:
    def attempt(_: int) -> bool:
        try:
            submit(db, "a", max_queued=5)
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(24))) == 5


def test_a_claim_looks_into_the_index_and_not_through_the_queue(db: Database) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL reads a small table whole; benchmarks/load.py measures it")
    submit(db, "a", number=5)
    asked: list[str] = []
    connection = db.engine.raw_connection()
    connection.driver_connection.set_trace_callback(asked.append)  # type: ignore[union-attr]
    connection.close()
    claimed(db, worker_id="w", device="cpu", lease_seconds=60)
    plans = []
    for statement in (each for each in asked if each.startswith(("SELECT", "WITH")) and "FROM runs" in each):
        with db.read() as session:
            plans += [
                row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {statement.replace(':', chr(92) + ':')}"))
            ]
    assert any("ix_runs_queue" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith("SCAN runs")]
