"""Promises 6 to 10 of docs/promises.md, one test each; both shapes of the service pass all of them."""

import os
import signal
import time
from typing import Any

import pytest
from sqlalchemy import text

from tests.promises.observations import assert_left_in_order, epochs_of
from tests.promises.shapes import ENDLESS, LONG, Shape

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]


def test_6_losses_are_bounded_and_wrong_runs_are_not_repeated(shape: Shape) -> None:
    (run_id,) = shape.service.submit(**ENDLESS)
    for attempt in range(1, 4):
        run = shape.service.run_once(run_id, lambda run, n=attempt: run["attempt"] == n or run["state"] == "failed")  # type: ignore[misc]
        assert run["state"] != "failed"
        os.kill(shape.trainer(run_id), signal.SIGKILL)
    run = shape.service.ended(run_id)
    assert (run["state"], run["reason"], run["attempt"]) == ("failed", "worker_lost", 3)
    (wrong,) = shape.service.submit(optimizer={"name": "sgd", "lr": 1e6})
    run = shape.service.ended(wrong)
    assert (run["state"], run["reason"], run["attempt"]) == ("failed", "diverged", 1)


def test_7_a_database_outage_kills_no_training(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (run_id,) = shape.service.submit(**LONG)
    shape.service.run_once(run_id, lambda run: run["epoch"] >= 1)
    with shape.database_away():
        time.sleep(4)  # longer than the lease
    assert shape.service.succeeded(run_id)["attempt"] == 1
    assert shape.service.results(run_id) == undisturbed


def test_7_a_broker_outage_kills_no_training_and_holds_up_no_job(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (run_id,) = shape.service.submit(**LONG)
    trainer = shape.halfway(run_id)
    with shape.broker_away():
        os.kill(trainer, signal.SIGCONT)
        (other,) = shape.service.submit(**LONG)
        assert shape.service.succeeded(run_id)["attempt"] == 1
        assert shape.service.succeeded(other)["attempt"] == 1  # found by asking the database
    for each in (run_id, other):
        assert shape.service.results(each) == undisturbed


def test_8_a_worker_that_is_stopped_hands_its_run_over(shape: Shape, undisturbed: dict[str, Any]) -> None:
    spare = shape.add_worker()
    (run_id,) = shape.service.submit(**LONG)
    trainer = shape.halfway(run_id)
    holder = shape.holder(run_id)
    os.kill(holder, signal.SIGTERM)
    os.kill(trainer, signal.SIGCONT)
    run = shape.service.succeeded(run_id)
    assert (run["attempt"], run["reason"]) == (2, None)
    assert shape.service.results(run_id) == undisturbed
    if holder in (worker.pid for worker in shape.workers):
        stopped = next(worker for worker in shape.workers if worker.pid == holder)
        assert stopped.wait() == 0
        shape.workers.remove(stopped)
    elif spare in shape.workers:
        spare.end()
        shape.workers.remove(spare)


def test_9_a_damaged_checkpoint_is_not_used_the_one_before_is(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (run_id,) = shape.service.submit(**LONG)
    trainer = shape.halfway(run_id)
    shape.service.ask(run_id, "pause")
    os.kill(trainer, signal.SIGCONT)
    shape.service.run_once(run_id, lambda run: run["state"] == "paused")
    kept = shape.service.get(f"/v1/runs/{run_id}/checkpoints")["items"]
    shown = epochs_of(shape, run_id)
    assert shown == list(range(1, kept[-1]["epoch"] + 1))
    store = shape.store()
    with store.engine.begin() as connection:
        damage = text("UPDATE checkpoint_chunks SET data = :data WHERE checkpoint_id = :id")
        connection.execute(damage, {"data": b"damaged", "id": kept[-1]["id"]})
    store.dispose()
    shape.service.ask(run_id, "resume")
    shape.service.succeeded(run_id)
    assert shape.service.results(run_id) == undisturbed
    assert any("going back" in line["message"] for line in shape.service.get(f"/v1/runs/{run_id}/logs")["items"])


def test_10_an_upgrade_keeps_queued_and_running_jobs(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (running,) = shape.service.submit(**LONG)
    trainer = shape.halfway(running)
    waiting = shape.service.submit(**LONG)
    for process in [*shape.workers, shape.service]:
        process.send(signal.SIGTERM)
    os.kill(trainer, signal.SIGCONT)
    for process in [*shape.workers, shape.service]:
        assert process.wait() == 0
    number, shape.workers = len(shape.workers), []
    store = shape.store()
    store.downgrade("0001")
    store.dispose()
    shape.restart()
    for _ in range(number):
        shape.add_worker()
    for run_id in (running, *waiting):
        shape.service.succeeded(run_id)
        assert shape.service.results(run_id) == undisturbed


def test_the_service_is_left_in_order(shape: Shape) -> None:
    assert_left_in_order(shape)
