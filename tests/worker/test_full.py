"""A full disk or database fails what cannot be kept, in plain words, and loses nothing that was recorded."""

import resource
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from store import checkpoints
from store.database.engine import Database
from store.errors import StorageFull
from store.lifecycle import requests, sweeper
from store.settings import Settings
from tests.history import findings, leftovers, recorded
from tests.service.processes import descendants, serving
from tests.store.databases import reading, writing
from tests.worker.conftest import Supervised, submit

pytestmark = pytest.mark.slow

FILL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk();
"""
DRAIN = "DROP FUNCTION full_disk CASCADE"


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limit of a running process is set on Linux only")
@pytest.mark.campaign
def test_a_full_disk_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as service:
        large = {"model": {"name": "mlp", "widths": [512, 512]}, "checkpoints": {"every_epochs": 1}}
        (before,) = service.submit(**large)
        service.succeeded(before)
        kept = service.results(before)
        (run_id,) = service.submit(**large, epochs=60)
        service.run_once(run_id, lambda run: run["epoch"] >= 2)
        most = max(path.stat().st_size for path in folder.glob("lpl.sqlite3*"))
        limit_files(service.pid, most + (1 << 17))
        run = service.ended(run_id)
        assert (run["state"], run["reason"]) == ("failed", "storage_full"), run
        assert "free space" in run["message"]
        assert service.results(before) == kept
        assert service.http.post("/v1/jobs", json={}).status_code == 422
        limit_files(service.pid, resource.RLIM_INFINITY)
        (again,) = service.submit(**large)
        service.succeeded(again)
        assert service.results(again) == kept
        assert "Traceback" not in service.output
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    assert findings(db) == []
    assert leftovers(db) == []
    db.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["checkpoint_chunks", "epochs", "events"])
def test_a_full_database_loses_nothing_that_was_recorded(
    table: str, postgres_url: str, settings: Settings, request: pytest.FixtureRequest
) -> None:
    store = Database(postgres_url)
    request.addfinalizer(store.dispose)
    store.migrate()
    script = ["epoch", "checkpoint", "sleep 1", "epoch", "epoch", "epoch", "checkpoint", "end succeeded"]
    (run_id,) = submit(store, script, ["epoch", "epoch", "epoch", "end succeeded"])
    attempt = Supervised(store, settings)
    attempt.until(lambda run: run.epoch == 1 and reading(store, checkpoints.list_for_run, run_id))
    with store.engine.begin() as connection:
        connection.execute(text(FILL.format(table=table)))
    first = recorded(store, run_id)[1]
    run = attempt.end()
    assert recorded(store, run_id)[1] == first
    assert run.epoch in (1, 4)
    if table == "events":  # not even the failure can be written: the lease ends, and the run goes on later
        assert run.state == "running"
        with pytest.raises(StorageFull):
            writing(store, requests.request_run, run_id, "cancel")
    else:
        assert (run.state, run.reason) == ("failed", "storage_full")
        assert "No space left" in (run.message or "")
    with store.engine.begin() as connection:
        connection.execute(text(DRAIN))
    if table == "events":
        expire(store, run_id)
    else:
        writing(store, requests.request_run, run_id, "retry")
    assert Supervised(store, settings).end().state == "succeeded"
    assert findings(store) == []
    assert leftovers(store) == []


def expire(store: Database, run_id: str) -> None:
    """Take the run back, as a sweep after the lease does."""
    later = Database(store.url.render_as_string(hide_password=False), clock_offset=1000.0)
    assert writing(later, sweeper.take_back, run_id) == "queued"
    later.dispose()


def limit_files(root: int, size: int) -> None:
    """Let no process of a family write any file beyond a size."""
    for pid in [root, *descendants(root)]:
        if sys.platform == "linux":
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
