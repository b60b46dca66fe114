"""One test per promise of docs/promises.md, 1 to 5; both shapes of the service pass all of them."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.promises.observations import assert_left_in_order, epochs_of
from tests.promises.shapes import ENDLESS, LONG, Shape
from tests.service.processes import SPEC, gone

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]


def test_1_an_accepted_job_survives_anything(shape: Shape) -> None:
    before = {job["id"] for job in shape.service.get("/v1/jobs")["items"]}
    answer = shape.service.http.post("/v1/jobs", json=SPEC)
    assert answer.status_code == 201
    shape.service.send(signal.SIGKILL)
    shape.forget_messages()
    shape.service.wait()
    with shape.database_away():
        time.sleep(1)
    shape.restart()
    (run,) = shape.service.get(f"/v1/jobs/{answer.json()['id']}/runs")["items"]
    shape.service.succeeded(run["id"])
    assert {job["id"] for job in shape.service.get("/v1/jobs")["items"]} - before == {answer.json()["id"]}


def test_2_one_key_makes_one_job_also_at_once(shape: Shape) -> None:
    headers = {"Idempotency-Key": f"once-{time.monotonic_ns()}"}
    body = {**SPEC, **ENDLESS, "name": headers["Idempotency-Key"], "priority": 0}

    def post(_: int) -> httpx.Response:
        with httpx.Client(base_url=shape.service.http.base_url, timeout=60, trust_env=False) as client:
            return client.post("/v1/jobs", json=body, headers=headers)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(shape.service.get(f"/v1/jobs?name={headers['Idempotency-Key']}")["items"]) == 1
    assert shape.service.http.post("/v1/jobs", json={**body, "epochs": 7}, headers=headers).status_code == 409
    shape.service.http.post(f"/v1/jobs/{answers[0].json()['id']}/cancel").raise_for_status()


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


def test_5_requests_do_what_they_say_in_every_state(shape: Shape) -> None:
    service = shape.service
    (run_id,) = service.submit(**ENDLESS)

    def ask(action: str) -> int:
        return service.http.post(f"/v1/runs/{run_id}/{action}").status_code

    service.run_once(run_id, lambda run: run["epoch"] >= 1)
    assert (ask("pause"), ask("pause"), ask("retry")) == (202, 202, 409)
    service.run_once(run_id, lambda run: run["state"] == "paused")
    assert (ask("resume"), ask("resume")) == (202, 202)
    service.run_once(run_id, lambda run: run["state"] == "running")
    # A pause that is taken back at once: the run goes on, be it that its worker has heard of it.
    assert (ask("pause"), ask("resume")) == (202, 202)
    epoch = service.get(f"/v1/runs/{run_id}")["epoch"]
    service.run_once(run_id, lambda run: run["state"] == "running" and run["epoch"] > epoch + 20)
    assert (ask("cancel"), ask("cancel"), ask("pause")) == (202, 202, 409)
    assert service.ended(run_id)["state"] == "cancelled"
    assert (ask("cancel"), ask("resume")) == (202, 409)
    again = service.http.post(f"/v1/runs/{run_id}/retry").json()
    assert (again["retry_of"], again["id"] != run_id, ask("retry")) == (run_id, True, 202)
    service.ask(again["id"], "cancel")
    assert service.ended(again["id"])["state"] == "cancelled"
    assert service.get(f"/v1/runs/{run_id}")["state"] == "cancelled"


def test_the_service_is_left_in_order(shape: Shape) -> None:
    assert_left_in_order(shape)
