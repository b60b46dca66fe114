"""Numbered crash points: the process is killed before each of its writes, one by one; nothing is lost or doubled."""

import multiprocessing
import signal
from pathlib import Path

import pytest

from store import checkpoints, jobs, metrics
from store.database.engine import Database
from tests.grids import campaign
from tests.history import findings, leftovers, recorded
from tests.store.crash_script import EPOCHS, LEASE, Crash, content, crash, live
from tests.store.databases import SQLITE_FIRST, reading

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]


@SQLITE_FIRST
@pytest.mark.parametrize("every", [9, campaign(1)])
def test_a_kill_before_any_write_loses_and_doubles_nothing(
    db: Database, database_url: str, tmp_path: Path, every: int
) -> None:
    forks = multiprocessing.get_context("forkserver")  # from a process without threads, that has everything imported
    forks.set_forkserver_preload(["tests.store.crash_script"])
    writes = Crash(db)
    live(db, tmp_path, "undisturbed")
    number_of_writes = writes.number
    assert number_of_writes > 100
    crashes = range(1, number_of_writes + 1, every)
    for number in crashes:
        name = f"crash {number}"
        process = forks.Process(target=crash, args=(database_url, tmp_path, name, db.clock_offset, number))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        assert not findings(db, newest=1), f"after a kill before write {number}"
        db.clock_offset += 2 * LEASE
        live(db, tmp_path, name)
    assert not findings(db)
    assert not leftovers(db)
    everything = reading(db, jobs.list_jobs, limit=1000).items
    assert len(everything) == len(crashes) + 1
    for job in everything:
        (run,) = reading(db, jobs.list_runs, job.id).items
        assert (run.state, run.attempt <= 3) == ("succeeded", True)
        assert recorded(db, run.id) == {epoch: {"test/top1_error": 1 / epoch} for epoch in range(1, EPOCHS + 1)}
        assert list(reading(db, metrics.series, run.id, "test/accuracy")) == list(range(1, EPOCHS + 1))
        kept = reading(db, checkpoints.list_for_run, run.id)
        assert [(each.kind, each.epoch) for each in kept] == [("best", 1), ("last", EPOCHS)]
        assert b"".join(checkpoints.stream(db, kept[-1].id)) == content(EPOCHS)
