"""Promises 1, 2 and 5 of docs/promises.md, of jobs and requests; both shapes of the service pass all of them."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.promises.observations import assert_left_in_order
from tests.promises.shapes import ENDLESS, Shape
from tests.service.processes import SPEC

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
