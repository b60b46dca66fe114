"""Promises 9 and 10 of docs/promises.md, of checkpoints and upgrades; both shapes of the service pass all of them."""

import os
import signal
from typing import Any

import pytest
from sqlalchemy import text

from tests.promises.observations import assert_left_in_order, epochs_of
from tests.promises.shapes import LONG, Shape
from tests.service.processes import told_to_end

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]


@pytest.mark.campaign
def test_9_a_damaged_checkpoint_is_not_used_the_one_before_is(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (run_id,) = shape.service.submit(**LONG)
    trainer = shape.halfway(run_id)
    shape.service.ask(run_id, "pause")
    told_to_end(trainer)
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


@pytest.mark.campaign
def test_10_an_upgrade_keeps_queued_and_running_jobs(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (running,) = shape.service.submit(**LONG)
    trainer = shape.halfway(running)
    waiting = shape.service.submit(**LONG)
    for process in [*shape.workers, shape.service]:
        process.send(signal.SIGTERM)
    told_to_end(trainer)
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


@pytest.mark.campaign
def test_the_service_is_left_in_order(shape: Shape) -> None:
    assert_left_in_order(shape)
