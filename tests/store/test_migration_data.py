"""Migrations with data of the version before: queued and running jobs live on, up and down."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from store import datasets, jobs
from store.database.engine import Database
from store.database.records import NewRun
from store.database.tables import Table
from store.lifecycle import claims
from store.lifecycle.results import results_of
from tests.store.databases import columns_of, reading, writing
from tests.store.test_life_cycle import SPEC, checkpoint, claim, epoch, submit

PREVIOUS = pytest.mark.parametrize("previous", ["0001", "0002", "0003", "0004"])


def rows(db: Database, query: str) -> list[tuple[object, ...]]:
    with db.read() as session:
        return [tuple(row) for row in session.execute(text(query))]


@PREVIOUS
def test_jobs_of_the_versions_before_are_kept(db: Database, previous: str) -> None:
    waiting, running, ended = submit(db, 2, priority=3), submit(db, priority=9), submit(db, priority=8)
    held = claim(db)
    epoch(db, held, 1)
    checkpoint(db, held, 1)
    writing(db, claims.finish, claim(db), outcome="failed", reason="diverged", message="the loss is not finite")
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
    assert [reading(db, jobs.get, job.id).state for job in (waiting, running, ended)] == ["queued", "running", "failed"]
    # The worker that was training before the upgrade goes on under its claim.
    assert writing(db, claims.heartbeat, held, lease_seconds=60) is None
    epoch(db, held, 2)
    assert writing(db, claims.finish, held, outcome="succeeded").state == "succeeded"
    assert claim(db).job_id == waiting.id


@PREVIOUS
def test_the_queue_keeps_its_order_through_an_upgrade(db: Database, previous: str) -> None:
    low, high, later = submit(db, priority=1), submit(db, priority=9), submit(db, priority=9)
    db.downgrade(previous)
    db.migrate()
    assert [claim(db).job_id for _ in range(3)] == [high.id, later.id, low.id]


@PREVIOUS
def test_jobs_of_the_versions_before_are_shown_and_found_as_new_ones_are(db: Database, previous: str) -> None:
    def dataset(name: str, factor: int) -> dict[str, object]:
        return {"name": name, "imbalance_factor": factor}

    specs = [
        {**SPEC, "dataset": dataset("a", 10), "method": {"alias": "lpl"}, "model": {"name": "mlp"}},
        {**SPEC, "dataset": dataset("b", 50), "method": {"loss": {"name": "focal"}, "perturbations": [{"name": "vs"}]}},
        {**SPEC, "dataset": dataset("a", 10), "method": {"alias": "lpl"}, "model": {"name": "mlp"}},
    ]
    methods = ["lpl", "focal+vs", "lpl"]
    new = [
        NewRun(seed, {}, spec, 10, method=name) for seed, (spec, name) in enumerate(zip(specs, methods, strict=True))
    ]
    job = writing(db, jobs.submit, jobs.new_job(spec={**specs[0], "name": "ПРИВЕТ"}, runs=new, method="base")).job
    for error in (0.25, 0.5):
        held = claim(db)
        epoch(db, held, 1, error)
        writing(db, claims.finish, held, outcome="succeeded")
    before = reading(db, jobs.get, job.id)
    db.downgrade(previous)
    db.migrate()
    after = reading(db, jobs.get, job.id)
    assert columns_of(after) == columns_of(before)
    assert after.methods == ["lpl", "focal+vs"]
    assert (after.datasets, after.models, after.imbalance_factors) == (["a", "b"], ["mlp"], [10, 50])
    assert after.run_states == {"succeeded": 2, "queued": 1}
    assert results_of(after.results)["test/top1_error"].mean == pytest.approx(0.375)
    for found in (
        reading(db, jobs.list_jobs, method="focal+vs"),
        reading(db, jobs.list_jobs, method="lpl", dataset="b"),
        reading(db, jobs.list_jobs, name="привет"),
    ):
        assert [each.id for each in found.items] == [job.id]
    assert reading(db, jobs.list_jobs, method="base").items == []


@PREVIOUS
def test_runs_of_the_versions_before_keep_the_hash_of_data_that_are_still_registered(
    db: Database, previous: str
) -> None:
    def register(name: str, sha256: str) -> None:
        writing(db, datasets.add, name=name, format="arrays", path="/x", task="single_label", sha256=sha256, info={})

    def submitted(name: str) -> str:
        spec = {**SPEC, "dataset": {"name": name}}
        return writing(db, jobs.submit, jobs.new_job(spec=spec, runs=[NewRun(0, {}, spec, 10)], method="lpl")).job.id

    register("kept", "1" * 64)
    kept, gone, swapped = submitted("kept"), submitted("gone"), submitted("swapped")
    register("swapped", "2" * 64)
    db.downgrade(previous)
    db.migrate()
    found = {str(row[0]): row[1] for row in rows(db, "SELECT job_id, data_sha256 FROM runs")}
    assert found == {kept: "1" * 64, gone: None, swapped: None}
