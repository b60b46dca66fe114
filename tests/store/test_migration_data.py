"""Migrations with data of the version before: queued and running jobs live on, up and down."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from store import jobs, runs
from store.database import Database
from store.tables import Table
from tests.store.test_life_cycle import checkpoint, claim, epoch, submit

PREVIOUS = pytest.mark.parametrize("previous", ["0001", "0002", "0003"])


def rows(db: Database, query: str) -> list[tuple[object, ...]]:
    with db.read() as session:
        return [tuple(row) for row in session.execute(text(query))]


@PREVIOUS
def test_jobs_of_the_versions_before_are_kept(db: Database, previous: str) -> None:
    waiting, running, ended = submit(db, 2, priority=3), submit(db, priority=9), submit(db, priority=8)
    held = claim(db)
    epoch(db, held, 1)
    checkpoint(db, held, 1)
    runs.finish(db, claim(db), outcome="failed", reason="diverged", message="the loss is not finite")
    content = rows(db, "SELECT id, epoch, sha256 FROM checkpoints ORDER BY id")
    before = rows(db, "SELECT id, state, attempt, epoch, priority FROM runs ORDER BY id")
    db.downgrade(previous)
    assert rows(db, "SELECT id, state, attempt, epoch, priority FROM runs ORDER BY id") == before
    db.migrate()
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    assert rows(db, "SELECT id, state, attempt, epoch, priority FROM runs ORDER BY id") == before
    assert rows(db, "SELECT id, epoch, sha256 FROM checkpoints ORDER BY id") == content
    assert rows(db, "SELECT DISTINCT owner FROM runs") == [("",)]
    assert [jobs.get(db, job.id).state for job in (waiting, running, ended)] == ["queued", "running", "failed"]
    # The worker that was training before the upgrade goes on under its claim.
    assert runs.heartbeat(db, held, lease_seconds=60) is None
    epoch(db, held, 2)
    assert runs.finish(db, held, outcome="succeeded").state == "succeeded"
    assert claim(db).job_id == waiting.id


@PREVIOUS
def test_the_queue_keeps_its_order_through_an_upgrade(db: Database, previous: str) -> None:
    low, high, later = submit(db, priority=1), submit(db, priority=9), submit(db, priority=9)
    db.downgrade(previous)
    db.migrate()
    assert [claim(db).job_id for _ in range(3)] == [high.id, later.id, low.id]
