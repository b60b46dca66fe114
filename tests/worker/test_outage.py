"""A database that goes away under a running trainer."""

import time
from collections.abc import Iterator

import pytest

from store import checkpoints, metrics
from store.database.engine import Database
from store.lifecycle import runs
from store.settings import Settings
from tests.store.databases import fresh_postgres, reading
from tests.worker.conftest import Supervised, logged, submit
from tests.worker.outage import Door

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture
def door(postgres_server: str) -> Iterator[Door]:
    """An open door to an empty PostgreSQL database."""
    with fresh_postgres(postgres_server) as url, Door(url) as opened:
        yield opened


@pytest.fixture
def store(door: Door) -> Iterator[Database]:
    """The database behind the door, migrated."""
    database = Database(door.url)
    database.migrate()
    yield database
    database.dispose()


def test_an_outage_kills_no_training_and_loses_nothing(store: Database, settings: Settings, door: Door) -> None:
    (run_id,) = submit(store, ["epoch", "sleep 0.5", "epoch", "checkpoint", "epoch", "checkpoint", "end succeeded"])
    supervised = Supervised(store, settings)
    supervised.until(lambda run: run.epoch == 1)
    door.shut()
    time.sleep(settings.lease_seconds + 1)  # longer than the lease: while nobody else could claim, none is lost
    door.open()
    run = supervised.end(timeout=30)
    assert (run.state, run.attempt, run.epoch) == ("succeeded", 1, 3), "\n".join(logged(store, run_id))
    assert reading(store, metrics.metrics, run_id)["test/top1_error"]["epoch"] == [1, 2, 3]
    assert [kept.epoch for kept in reading(store, checkpoints.list_for_run, run_id)] == [2, 3]


def test_a_worker_that_stops_during_an_outage_does_not_wait_for_ever(
    store: Database, settings: Settings, door: Door
) -> None:
    (run_id,) = submit(store, ["epoch", "until-stopped", "epoch", "checkpoint", "end stopped"])
    supervised = Supervised(store, settings)
    supervised.until(lambda run: run.epoch == 1)
    door.shut()
    supervised.stopping.set()
    started = time.monotonic()
    supervised._thread.join(settings.grace_seconds + 15)
    assert not supervised._thread.is_alive()
    assert time.monotonic() - started < settings.grace_seconds + 12
    door.open()
    assert reading(store, runs.get, run_id).state == "running"  # until the sweep
