"""Submission, lists and requests."""

import time
from typing import Any

import httpx
import pytest

from store.database.engine import Database
from store.lifecycle import claims
from tests.api.service import SPEC, Running, claim, running, train
from tests.store.databases import writing


def test_a_submitted_job_carries_its_complete_spec_and_runs(service: Running) -> None:
    answer = service.http.post("/v1/jobs", json={**SPEC, "seeds": [0, 1], "name": "digits, LPL", "tags": ["demo"]})
    job = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert service.http.get(answer.headers["location"]).json() == job
    assert (job["state"], job["progress"], job["runs_total"], job["requested"]) == ("queued", 0.0, 2, None)
    assert [run["seed"] for run in job["runs"]] == [0, 1]
    assert job["spec"]["method"]["perturbations"][0]["name"] == "lpl"
    assert job["spec"]["optimizer"]["name"] == "sgd"
    assert job["created_at"].endswith("Z")
    assert job["summary"] == [{"point": {}, "metrics": {}, "missing_seeds": [0, 1], "waiting_seeds": [0, 1]}]


def test_a_job_remembers_what_it_was_made_from(service: Running) -> None:
    first = service.submit()
    assert first["parent"] is None
    made = service.http.post(f"/v1/jobs?parent={first['id']}", json=SPEC).json()
    assert service.http.get(f"/v1/jobs/{made['id']}").json()["parent"] == first["id"]


def test_a_sweep_makes_a_run_per_point_and_seed(service: Running) -> None:
    job = service.submit(seeds=[0, 1], sweep={"optimizer.lr": [0.1, 0.01]})
    points = [(run["point"]["optimizer.lr"], run["seed"]) for run in job["runs"]]
    assert points == [(0.1, 0), (0.1, 1), (0.01, 0), (0.01, 1)]


def test_summary_has_mean_and_deviation_over_seeds(service: Running) -> None:
    job = service.submit(seeds=[0, 1])
    train(service.db)
    train(service.db)
    done = service.http.get(f"/v1/jobs/{job['id']}").json()
    assert done["state"] == "succeeded"
    (row,) = done["summary"]
    assert row["missing_seeds"] == []
    assert row["metrics"]["test/top1_error"] == {
        "mean": pytest.approx(1 / 3), "std": 0.0, "n": 2, "values": [1 / 3, 1 / 3], "seeds": [0, 1],
    }  # fmt: skip
    assert row["metrics"]["test/top1_error.few"]["mean"] is None


def test_validation_says_what_would_run_and_starts_nothing(refusing: httpx.Client) -> None:
    answer = refusing.post("/v1/jobs/validate", json={**SPEC, "seeds": [0, 1, 2]}).json()
    assert answer["runs_total"] == 3
    assert len(answer["class_counts"]) == 10
    assert answer["class_counts"][0] / answer["class_counts"][9] == pytest.approx(20, rel=0.1)
    assert answer["imbalance_factor"] == pytest.approx(20, rel=0.05)
    assert answer["spec"]["epochs"] == 3
    assert refusing.get("/v1/jobs").json() == {"items": [], "next": None}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"method": {"perturbations": [{"name": "lpl", "epsilon": -1.0}]}}, "method.perturbations.0.epsilon"),
    ({"method": "lpll"}, "method"),
    ({"method": {"alias": "lpl", "threshold": 12}}, "method.perturbations.0.threshold"),
    ({"dataset": {"name": "digits", "imbalance_factor": 0.5}}, "dataset.imbalance_factor"),
    ({"epochs": 0}, "epochs"),
    ({"epochss": 1}, "epochss"),
    ({"sweep": {"optimizer.speed": [1]}}, "sweep.optimizer.speed"),
    ({"dataset": "nothing_like_it"}, "dataset.name"),
    ({"dataset": "cifar10"}, "dataset.name"),
    ({"batch_size": 100_000}, "batch_size"),
    ({"checkpoints": {"keep_best": True}}, "checkpoints.keep_best"),
    ({"name": "nul \x00"}, "name"),
]


@pytest.mark.parametrize(("change", "path"), WRONG)
def test_a_wrong_spec_is_refused_with_the_field(refusing: httpx.Client, change: dict[str, Any], path: str) -> None:
    answer = refusing.post("/v1/jobs", json=SPEC | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert path in [error["path"] for error in problem["errors"]], problem
    assert all(error["message"] for error in problem["errors"])
    assert refusing.get("/v1/jobs").json()["items"] == []


def test_a_million_runs_are_refused_at_once(refusing: httpx.Client) -> None:
    change = {"seeds": list(range(1000)), "sweep": {"optimizer.lr": [i / 1000 for i in range(1, 1001)]}}
    began = time.monotonic()
    answer = refusing.post("/v1/jobs", json=SPEC | change)
    assert answer.status_code == 422
    assert "1000000 runs" in answer.json()["detail"]
    assert time.monotonic() - began < 2


BAD_BODIES = {
    "not JSON": b"{",
    "empty": b"",
    "a list": b"[]",
    "nested": b"[" * 100_000,
    "nested objects": b'{"a":' * 900 + b"1" + b"}" * 900,
    "NaN": b'{"dataset": "digits", "method": "lpl", "epochs": NaN}',
    "infinity": b'{"dataset": "digits", "method": "lpl", "optimizer": {"name": "sgd", "lr": 1e999}}',
    "huge integer": b'{"dataset": "digits", "method": "lpl", "epochs": ' + b"9" * 5000 + b"}",
    "half a surrogate": b'{"dataset": "digits", "method": "lpl", "name": "\\ud800"}',
    "NUL": b'{"dataset": "digits", "method": "lpl", "tags": ["\\u0000"]}',
    "NUL in a data set's name": b'{"dataset": "a\\u0000b", "method": "lpl"}',
    "not UTF-8": b'{"dataset": "\xff", "method": "lpl"}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize(
    "path", ["/v1/jobs", "/v1/jobs/validate", "/v1/bounds", "/v1/datasets", "/v1/keys", "/v1/webhooks"]
)
def test_no_body_makes_a_server_error(refusing: httpx.Client, path: str, body: bytes) -> None:
    answer = refusing.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code


def test_bodies_of_other_types_are_refused(refusing: httpx.Client) -> None:
    assert refusing.post("/v1/jobs", content=b"{}").status_code == 415
    assert refusing.post("/v1/jobs", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    upload = refusing.post("/v1/jobs", files={"file": b"x"}, data={"name": "mine"})
    assert upload.status_code == 415
    assert "POST /v1/datasets" in upload.json()["detail"]


def test_too_large_a_body_is_refused(sqlite: Database, tmp_path: Any) -> None:
    with running(sqlite, tmp_path, max_body_bytes=1000) as service:
        said = service.http.post("/v1/jobs", json={"name": "x" * 1000})
        unsaid = service.http.post(
            "/v1/jobs", content=iter([b" " * 600, b" " * 600]), headers={"Content-Type": "application/json"}
        )
    for answer in (said, unsaid):
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_idempotency_key_makes_one_job(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "once"}
    first = http.post("/v1/jobs", json=SPEC, headers=headers)
    reordered = dict(reversed(SPEC.items()))
    again = http.post("/v1/jobs", json=reordered, headers=headers)
    other = http.post("/v1/jobs", json={**SPEC, "epochs": 4}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert len(http.get("/v1/jobs").json()["items"]) == 1
    assert http.post("/v1/jobs", json=SPEC, headers={"Idempotency-Key": "x" * 300}).status_code == 422


def test_lists_are_filtered_and_paged(service: Running) -> None:
    for number in range(3):
        service.submit(name=f"Number {number}", tags=["odd" if number % 2 else "even"], method="cross_entropy")
    http = service.http
    assert [job["name"] for job in http.get("/v1/jobs").json()["items"]] == ["Number 2", "Number 1", "Number 0"]
    assert [job["name"] for job in http.get("/v1/jobs?tag=odd").json()["items"]] == ["Number 1"]
    assert [job["name"] for job in http.get("/v1/jobs?name=number 2").json()["items"]] == ["Number 2"]
    assert len(http.get("/v1/jobs?method=cross_entropy&dataset=digits&state=queued").json()["items"]) == 3
    assert http.get("/v1/jobs?method=lpl").json()["items"] == []
    page = http.get("/v1/jobs?limit=2").json()
    rest = http.get("/v1/jobs", params={"limit": 2, "cursor": page["next"]}).json()
    assert [job["name"] for job in rest["items"]] == ["Number 0"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "query",
    ["cursor=!!", "cursor=%00", "limit=0", "limit=99999999999999999999", "state=sleeping", "name=%00", "tag=%ff"],
)
def test_wrong_list_parameters_are_refused_or_find_nothing(refusing: httpx.Client, query: str) -> None:
    answer = refusing.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422 or answer.json()["items"] == []


def test_what_is_polled_costs_nothing_while_it_stays_the_same(service: Running) -> None:
    job = service.submit()
    run = job["runs"][0]["id"]
    for path in ("/v1/jobs", f"/v1/jobs/{job['id']}", f"/v1/jobs/{job['id']}/runs", f"/v1/runs/{run}"):
        tag = service.http.get(path).headers["etag"]
        assert tag.startswith('W/"')
        same = service.http.get(path, headers={"If-None-Match": f'"other", {tag}'})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == tag
        service.http.post(f"/v1/runs/{run}/pause")
        assert service.http.get(path, headers={"If-None-Match": tag}).status_code == 200
        service.http.post(f"/v1/runs/{run}/resume")


def test_requests_are_answered_with_what_is_under_way(service: Running) -> None:
    job = service.submit()
    run = job["runs"][0]["id"]
    held = claim(service.db)
    for _ in range(2):
        answer = service.http.post(f"/v1/jobs/{job['id']}/cancel")
        assert answer.status_code == 202
        assert (answer.json()["state"], answer.json()["requested"]) == ("running", "cancel")
    assert writing(service.db, claims.heartbeat, held, lease_seconds=60) == "cancel"
    writing(service.db, claims.finish, held, outcome="cancelled")
    assert service.http.post(f"/v1/runs/{run}/resume").status_code == 409
    retried = service.http.post(f"/v1/runs/{run}/retry")
    assert retried.status_code == 202
    assert retried.json()["retry_of"] == run
    assert service.http.delete(f"/v1/jobs/{job['id']}").status_code == 409


def test_an_ended_job_can_be_deleted(service: Running) -> None:
    job = service.submit()
    run = train(service.db)
    assert service.http.delete(f"/v1/jobs/{job['id']}").status_code == 204
    for path in (f"/v1/jobs/{job['id']}", f"/v1/runs/{run}", f"/v1/jobs/{job['id']}/events"):
        assert service.http.get(path).status_code == 404


@pytest.mark.parametrize("identifier", ["j_1", "x" * 5000, "%00", "..%2f", "ä", "j_%ff", "'; --"])
def test_unknown_identifiers_are_not_found(refusing: httpx.Client, identifier: str) -> None:
    for path in (f"/v1/jobs/{identifier}", f"/v1/runs/{identifier}/metrics", f"/v1/checkpoints/{identifier}/content"):
        answer = refusing.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert refusing.post(f"/v1/runs/{identifier}/cancel").status_code == 404
