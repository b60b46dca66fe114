"""Errors, documentation, health and measurements."""

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from store.database.engine import Database
from store.doorbell import Doorbell
from store.settings import Settings
from tests.api.service import Running, running, train
from tests.store.databases import claimed


def test_unknown_addresses_and_methods_are_problems(refusing: httpx.Client) -> None:
    for path in (
        "/v1/nothing",
        "/v1/jobs/",
        "/v2/jobs",
        "/assets/none.js",
        "/assets/..%2f..%2fapp.py",
        "/docs/assets/",
    ):
        answer = refusing.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert {"type", "title", "status", "detail"} <= set(answer.json())
    wrong = refusing.put("/v1/jobs")
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "application/problem+json")
    assert wrong.headers["allow"] == "GET, HEAD, POST"
    assert refusing.put("/v1/jobs/j_1").headers["allow"] == "DELETE, GET, HEAD, PATCH"
    assert refusing.post("/healthz").headers["allow"] == "GET, HEAD"


def test_the_document_names_every_operation_and_its_errors(refusing: httpx.Client) -> None:
    document = refusing.get("/openapi.json").json()
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    identifiers = [operation["operationId"] for operation in operations.values()]
    assert len(set(identifiers)) == len(identifiers)
    expected = {
        "POST /v1/jobs", "POST /v1/jobs/validate", "GET /v1/jobs", "GET /v1/jobs/{job_id}", "DELETE /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/runs", "GET /v1/runs/{run_id}", "GET /v1/events", "GET /v1/jobs/{job_id}/events",
        "GET /v1/runs/{run_id}/events", "GET /v1/runs/{run_id}/metrics", "GET /v1/runs/{run_id}/loss-variations",
        "GET /v1/runs/{run_id}/class-metrics", "GET /v1/runs/{run_id}/confusion-matrix", "GET /metrics",
        "GET /v1/runs/{run_id}/calibration", "GET /v1/jobs/{job_id}/calibration",
        "GET /v1/runs/{run_id}/checkpoints", "GET /v1/checkpoints/{checkpoint_id}/content", "GET /v1/catalog",
        "POST /v1/bounds", "POST /v1/studies", "GET /v1/studies", "GET /v1/studies/{study_id}",
        "GET /v1/studies/{study_id}/table", "DELETE /v1/studies/{study_id}",
        "GET /v1/runs/{run_id}/logs", "GET /v1/schema/experiment", "POST /v1/datasets", "GET /v1/datasets",
        "GET /v1/datasets/{name}", "DELETE /v1/datasets/{name}", "GET /v1/workers", "GET /v1/queue", "GET /healthz",
        "POST /v1/workers/{worker_id}/drain", "POST /v1/workers/{worker_id}/resume",
        "POST /v1/webhooks", "GET /v1/webhooks", "GET /v1/webhooks/{webhook_id}", "DELETE /v1/webhooks/{webhook_id}",
        "GET /v1/webhooks/{webhook_id}/deliveries", "POST /v1/webhooks/{webhook_id}/test",
        "GET /readyz", "POST /v1/keys", "GET /v1/keys", "DELETE /v1/keys/{key_id}",
    } | {
        f"POST /v1/{kind}/{action}"
        for kind in ("jobs/{job_id}", "runs/{run_id}", "studies/{study_id}")
        for action in ("cancel", "pause", "resume", "retry")
    }  # fmt: skip
    assert expected <= set(operations)
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    for name, operation in operations.items():
        assert operation["responses"]["503"]["content"] == problem, name
        assert operation["responses"]["422"]["content"] == problem, name
    assert "HTTPValidationError" not in document["components"]["schemas"]


def addresses(service: httpx.Client, run: str) -> dict[str, str]:
    """Every documented address with an identifier that exists, by its template."""
    job = service.get(f"/v1/runs/{run}").json()["job"]
    real = {
        "job_id": job,
        "run_id": run,
        "name": "digits",
        "theorem": "1",
        "checkpoint_id": "c_none",
        "key_id": "k_none",
        "webhook_id": "wh_none",
        "worker_id": "w_none",
        "study_id": "s_none",
        "kind": "loss-variation",
        "form": "svg",
    }
    return {template: template.format(**real) for template in service.get("/openapi.json").json()["paths"]}


def test_unknown_query_parameters_are_refused_by_every_operation(measured: tuple[httpx.Client, str]) -> None:
    http, _ = measured
    document, found = http.get("/openapi.json").json(), addresses(*measured)
    operations = [(method, path) for path in document["paths"] for method in document["paths"][path]]
    assert len(operations) > 30
    for method, path in operations:
        answer = http.request(method, found[path], params={"frobnicate": "1"}, json={} if method == "post" else None)
        assert answer.status_code == 422, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert [error["path"] for error in answer.json()["errors"]] == ["frobnicate"], (method, path)
    assert http.get("/openapi.json?frobnicate=1").status_code == 422


@pytest.mark.parametrize(
    ("address", "nearest"),
    [
        ("/v1/jobs?status=failed", "state"),
        ("/v1/jobs?stat=failed", "state"),
        ("/v1/jobs?limits=3", "limit"),
        ("/v1/runs/{run}/logs?curser=1", "cursor"),
        ("/v1/runs/{run}/metrics?name=train/loss", "names"),
        ("/v1/theory/1?sample=10", "samples"),
        ("/v1/events?runs=1", "run"),
    ],
)
def test_an_unknown_query_parameter_is_refused_with_the_nearest_name(
    measured: tuple[httpx.Client, str], address: str, nearest: str
) -> None:
    http, run = measured
    answer = http.get(address.format(run=run))
    assert answer.status_code == 422
    assert f"did you mean '{nearest}'?" in answer.json()["errors"][0]["message"]


def test_head_is_answered_wherever_get_is(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    document, found = http.get("/openapi.json").json(), addresses(*measured)
    asked = [found[path] for path, methods in document["paths"].items() if "get" in methods]
    asked += ["/openapi.json", "/", "/docs", "/assets/app.js", f"/v1/runs/{run}/class-metrics?name=test/accuracy"]
    for address in asked:
        head = http.head(address)
        with http.stream("GET", address) as whole:
            assert head.status_code == whole.status_code, address
            assert head.headers["content-type"] == whole.headers["content-type"]
            assert head.headers.get("etag") == whole.headers.get("etag")
            if address.strip("/") != "metrics":
                assert head.headers.get("content-length") == whole.headers.get("content-length"), address
        assert head.content == b""
    assert http.head("/v1/jobs/j_none/cancel").status_code == 405


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b'{"name": "a", "name": "b", "dataset": "digits", "method": "lpl"}', ["name"]),
        (b'{"dataset": {"name": "digits", "name": "digits"}, "method": "lpl"}', ["dataset.name"]),
        (b'{"dataset": "digits", "method": {"perturbations": [{"name": "lpl", "epsilon": 1, "epsilon": 2}]}}',
         ["method.perturbations.0.epsilon"]),
        (b'{"dataset": "digits", "method": "lpl", "seeds": [0], "seeds": [1], "epochs": 1, "epochs": 1}',
         ["epochs", "seeds"]),
    ],
)  # fmt: skip
def test_keys_that_stand_twice_in_a_body_are_refused_by_name(
    refusing: httpx.Client, body: bytes, paths: list[str]
) -> None:
    for address in ("/v1/jobs", "/v1/jobs/validate", "/v1/datasets", "/v1/keys", "/v1/webhooks"):
        answer = refusing.post(address, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        errors = answer.json()["errors"]
        if "jobs" in address:
            assert sorted(error["path"] for error in errors) == paths
            assert all("twice" in error["message"] for error in errors)
    key = refusing.post("/v1/keys", content=b'{"name": "a", "name": "b"}', headers={"Content-Type": "application/json"})
    assert (key.status_code, key.json()["errors"][0]["path"]) == (422, "name")


def test_every_reference_of_the_document_leads_somewhere(refusing: httpx.Client) -> None:
    text = refusing.get("/openapi.json").text
    document = refusing.get("/openapi.json").json()
    for reference in set(re.findall(r'"\$ref":\s*"#/([^"]+)"', text)):
        place: Any = document
        for part in reference.split("/"):
            place = place[part]


def test_the_documentation_needs_no_other_server(refusing: httpx.Client) -> None:
    page = refusing.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert linked
    # Relative, so that they lead below a proxy's path prefix too.
    assert not [link for link in linked if re.match(r"[a-z]+:|/", link)]
    assert "<script>" not in page.text
    for link in linked:
        if link.startswith("docs/"):
            assert refusing.get(f"/{link}").status_code == 200


def test_the_catalogue_lists_methods_with_their_schema(refusing: httpx.Client) -> None:
    catalog = refusing.get("/v1/catalog").json()
    methods = {method["name"]: method for method in catalog["methods"]}
    assert {"cross_entropy", "logit_adjustment", "lpl"} <= set(methods)
    assert "epsilon" in str(methods["lpl"])
    for kind in ("losses", "perturbations", "models", "datasets", "presets"):
        assert all({"name", "title", "citation", "schema", "tasks"} <= set(entry) for entry in catalog[kind]), kind
    assert refusing.get("/v1/schema/experiment").json()["properties"]["dataset"]


def test_workers_and_queue(service: Running) -> None:
    assert service.http.get("/v1/workers").json() == {"items": [], "next": None}
    service.submit(seeds=[0, 1])
    queue = service.http.get("/v1/queue").json()
    assert queue["runs"]["queued"] == 2
    assert queue["jobs"]["queued"] == 1
    assert queue["workers_alive"] == 0
    assert [each["position"] for each in queue["waiting"]] == [1, 2]
    assert {each["reason"] for each in queue["waiting"]} == {"waits for a worker"}
    assert queue["oldest_waiting_seconds"] >= 0


def test_measurements_count_requests_and_runs(service: Running) -> None:
    service.submit()
    train(service.db)
    service.http.get("/v1/jobs/j_1")
    service.http.get("/some/" + "x" * 50)
    answer = service.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'lpl_runs{state="succeeded"} 1.0' in answer.text
    assert 'lpl_runs{state="queued"} 0.0' in answer.text
    assert "lpl_database_up 1.0" in answer.text
    counted = 'lpl_http_request_duration_seconds_count{method="GET",route="/v1/jobs/{job_id}",status="404"} 1.0'
    assert counted in answer.text
    assert "xxxx" not in answer.text


def test_a_database_that_is_away_is_said_with_a_status(tmp_path: Path) -> None:
    db = Database("postgresql://nobody@127.0.0.1:9/none")
    with running(db, tmp_path) as service:
        assert service.http.get("/healthz").status_code == 200
        for path in ("/readyz", "/v1/jobs", "/v1/events", "/v1/queue"):
            answer = service.http.get(path)
            assert answer.status_code == 503, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
    db.dispose()


def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with running(db, tmp_path) as service:
        assert service.http.get("/readyz").status_code == 503
    db.dispose()


def test_what_nobody_expected_is_logged_under_an_id(
    service: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> dict[str, int]:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("store.queue.run_counts", broken)
    answer = service.http.get("/v1/queue")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert answer.json()["incident"] in caplog.text
    assert "a secret detail" in caplog.text


def test_runs_of_silent_workers_are_taken_back(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    assert claimed(service.db, worker_id="w_gone", device="cpu", lease_seconds=0.01) is not None
    deadline = time.monotonic() + 10
    while (state := service.http.get(f"/v1/runs/{run}").json()["state"]) != "queued":
        assert time.monotonic() < deadline, state
        time.sleep(0.1)


def test_two_applications_live_side_by_side(sqlite: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first, second = (create_app(settings, sqlite, Doorbell(None)) for _ in range(2))
    assert first.openapi() == second.openapi()


@pytest.mark.postgres
def test_the_whole_way_on_either_database(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        job = service.submit(seeds=[0, 1], tags=["demo"])
        run = train(db)
        train(db)
        done = service.http.get(f"/v1/jobs/{job['id']}").json()
        assert (done["state"], done["progress"]) == ("succeeded", 1.0)
        assert service.http.get(f"/v1/runs/{run}/loss-variations").json()["epochs"] == [1, 2, 3]
        assert "event: end" in service.http.get(f"/v1/jobs/{job['id']}/events").text
        assert service.http.get("/v1/jobs?tag=demo&name=%00").status_code == 422
        for path in ("/v1/jobs?tag=%00", "/v1/jobs?cursor=%00", "/v1/datasets/%00", "/v1/jobs?dataset=%ed%a0%80"):
            assert service.http.get(path).status_code < 500
        assert service.http.delete(f"/v1/jobs/{job['id']}").status_code == 204
