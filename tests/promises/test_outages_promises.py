"""Promises 7 and 8 of docs/promises.md, of outages and stops; both shapes of the service pass all of them."""

import os
import signal
import time
from typing import Any

import pytest

from tests.promises.observations import assert_left_in_order
from tests.promises.shapes import LONG, Shape
from tests.service.processes import told_to_end

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]


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
    told_to_end(trainer)
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


def test_the_service_is_left_in_order(shape: Shape) -> None:
    assert_left_in_order(shape)
