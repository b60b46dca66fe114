"""Promises 3, 4 and 6 of docs/promises.md, of workers that are lost; both shapes of the service pass all of them."""

import os
import signal
import time
from typing import Any

import pytest

from tests.promises.observations import assert_left_in_order, epochs_of
from tests.promises.shapes import ENDLESS, LONG, Shape
from tests.service.processes import gone

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]


@pytest.mark.campaign
def test_3_a_worker_that_wakes_after_its_lease_changes_nothing(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (run_id,) = shape.service.submit(**LONG)
    trainer = shape.halfway(run_id)
    frozen = shape.holder(run_id)
    os.kill(frozen, signal.SIGSTOP)
    spare = shape.add_worker() if len(shape.alive()) < 2 else None
    shape.service.run_once(run_id, lambda run: run["attempt"] == 2 and run["state"] == "running")
    os.kill(trainer, signal.SIGCONT)
    os.kill(frozen, signal.SIGCONT)
    gone([trainer], timeout=20)
    assert shape.service.succeeded(run_id)["attempt"] == 2
    assert shape.service.results(run_id) == undisturbed
    if spare is not None:
        spare.end()
        shape.workers.remove(spare)


def test_4_a_dead_worker_is_noticed_and_its_run_goes_on_bit_for_bit(shape: Shape, undisturbed: dict[str, Any]) -> None:
    (run_id,) = shape.service.submit(**LONG)
    trainer = shape.halfway(run_id)
    dead = shape.holder(run_id)
    os.kill(dead, signal.SIGKILL)
    started = time.monotonic()
    gone([trainer], timeout=5)
    shape.service.run_once(run_id, lambda run: run["state"] == "queued" or run["attempt"] == 2)
    # Lease 3 s, sweep 0.4 s, and what this busy machine takes.
    assert time.monotonic() - started < 3 + 0.4 + 5
    for worker in [worker for worker in shape.workers if worker.pid == dead]:
        worker.wait()
        shape.workers.remove(worker)
        shape.add_worker()
    assert shape.service.succeeded(run_id)["attempt"] == 2
    assert shape.service.results(run_id) == undisturbed
    assert epochs_of(shape, run_id) == list(range(1, 41))


@pytest.mark.campaign
def test_6_losses_are_bounded_and_wrong_runs_are_not_repeated(shape: Shape) -> None:
    (run_id,) = shape.service.submit(**ENDLESS)
    for attempt in range(1, 4):
        # A fork that dies before it has said anything is no loss: the run starts by itself.
        run = shape.service.run_once(
            run_id,
            lambda run, n=attempt: (run["attempt"] == n and run["epoch"] > 0) or run["state"] == "failed",  # type: ignore[misc]
        )
        assert run["state"] != "failed"
        os.kill(shape.trainer(run_id), signal.SIGKILL)
    run = shape.service.ended(run_id)
    assert (run["state"], run["reason"], run["attempt"]) == ("failed", "worker_lost", 3)
    (wrong,) = shape.service.submit(optimizer={"name": "sgd", "lr": 1e6})
    run = shape.service.ended(wrong)
    assert (run["state"], run["reason"], run["attempt"]) == ("failed", "diverged", 1)


def test_the_service_is_left_in_order(shape: Shape) -> None:
    assert_left_in_order(shape)
