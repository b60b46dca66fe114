"""Deleting jobs: all or nothing to see, whatever meets it or dies in the middle."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import checkpoints, deletion, events, jobs, metrics
from store.database.engine import Database
from store.database.records import Job
from store.database.tables import Table
from store.errors import Conflict, DatabaseUnavailable, NotFound
from store.lifecycle import claims, requests, runs
from tests.store.databases import reading, writing
from tests.store.test_crossing import Pausing, crossed, pausing
from tests.store.test_life_cycle import checkpoint, claim, epoch, submit

__all__ = ["pausing"]
T = TypeVar("T")


def ended(db: Database, number: int = 1, **changes: Any) -> Job:
    """A job whose runs have recorded something and ended."""
    job = submit(db, number, **changes)
    for _ in range(number):
        held = claim(db)
        epoch(db, held, 1)
        checkpoint(db, held, 1)
        writing(db, claims.finish, held, outcome="failed")
    return job


def contents(db: Database) -> dict[str, int]:
    """Table -> rows, of those that have any."""
    with db.read() as session:
        numbers = {
            name: session.scalar(select(func.count()).select_from(t)) for name, t in Table.metadata.tables.items()
        }
    return {name: number for name, number in numbers.items() if number and name not in ("owners", "sweeper", "program")}


def test_deleting_needs_an_ended_job_and_takes_everything(db: Database) -> None:
    job = submit(db)
    held = claim(db)
    epoch(db, held, 1)
    made = checkpoint(db, held, 1)
    with pytest.raises(Conflict):
        deletion.delete_job(db, job.id)
    writing(db, claims.finish, held, outcome="succeeded")
    deletion.delete_job(db, job.id)
    for gone in (
        lambda: reading(db, jobs.get, job.id),
        lambda: reading(db, runs.get, held.run_id),
        lambda: reading(db, checkpoints.get, made),
        lambda: deletion.delete_job(db, job.id),
        lambda: writing(db, requests.request_job, job.id, "cancel"),
    ):
        with pytest.raises(NotFound):
            gone()
    assert reading(db, events.after, 0, job=job.id) == []
    assert contents(db) == {}


def test_a_deletion_that_meets_a_retry_is_refused_and_takes_nothing(pausing: Pausing, db: Database) -> None:
    job = ended(db, 2)
    before = contents(db)
    with pytest.raises(Conflict, match="is queued"):
        crossed(
            pausing,
            db,
            lambda db: writing(db, requests.request_job, job.id, "retry"),
            lambda db: deletion.delete_job(db, job.id),
        )
    after = contents(db)
    assert {name: after[name] for name in ("epochs", "series", "checkpoints", "checkpoint_chunks")} == {
        name: before[name] for name in ("epochs", "series", "checkpoints", "checkpoint_chunks")
    }


@pytest.mark.parametrize("whole", [True, False])
def test_a_retry_that_meets_a_deletion_finds_nothing(pausing: Pausing, db: Database, whole: bool) -> None:
    job = ended(db, 2)
    (run, _) = reading(db, jobs.list_runs, job.id).items

    def retry(db: Database) -> Any:
        if whole:
            return writing(db, requests.request_job, job.id, "retry")
        return writing(db, requests.request_run, run.id, "retry")

    with pytest.raises(NotFound):
        crossed(pausing, db, lambda db: deletion.delete_job(db, job.id), retry)
    assert contents(db) == {}


class Dying(Database):
    """A database that goes away after some writes."""

    left = 0

    def write(self, work: Callable[[Session], T], *, urgent: bool = False) -> T:
        self.left -= 1
        if self.left < 0:
            raise DatabaseUnavailable("it is gone")
        return super().write(work, urgent=urgent)


def test_what_a_deletion_leaves_behind_nobody_sees_and_the_sweep_erases(db: Database, database_url: str) -> None:
    job, other = ended(db, deletion.BATCH + 3, name="one"), ended(db, name="other")
    (run, *_) = reading(db, jobs.list_runs, job.id).items
    dying = Dying(database_url)
    dying.left = 2  # hidden, and the first batch erased
    deletion.delete_job(dying, job.id)
    dying.dispose()
    assert contents(db)["epochs"] == 4
    for ask in (
        lambda: reading(db, jobs.get, job.id),
        lambda: reading(db, jobs.list_runs, job.id),
        lambda: reading(db, runs.get, run.id),
        lambda: writing(db, requests.request_run, run.id, "retry"),
        lambda: writing(db, requests.request_job, job.id, "retry"),
        lambda: deletion.delete_job(db, job.id),
    ):
        with pytest.raises(NotFound):
            ask()
    assert [each.id for each in reading(db, jobs.list_jobs).items] == [other.id]
    assert deletion.erase_deleted(db) == 1
    assert deletion.erase_deleted(db) == 0
    assert (contents(db)["epochs"], contents(db)["jobs"], contents(db)["runs"]) == (1, 1, 1)
    (left,) = reading(db, jobs.list_runs, other.id).items
    assert reading(db, metrics.metrics, left.id)
