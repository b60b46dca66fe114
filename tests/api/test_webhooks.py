"""Webhooks over HTTP: who may have them, what is refused, and what arrives of a job."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from store import audit, keys
from store.database.engine import Database
from store.lifecycle import claims
from tests.api.endpoint import Endpoint, answering, listening
from tests.api.service import Running, claim, running, train
from tests.api.test_security import bearer
from tests.api.test_webhook_addresses import leading_to
from tests.service.processes import until
from tests.store.databases import reading, writing

EVENTS = ["job.succeeded", "job.failed", "job.cancelled", "run.failed", "study.ended"]
PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"


@contextmanager
def allowing(db: Database, folder: Path) -> Iterator[Running]:
    """A service that may deliver to loopback."""
    with running(db, folder, webhook_allow=["127.0.0.0/8"]) as service:
        yield service


def added(service: Running, endpoint: Endpoint, events: list[str] = EVENTS) -> dict[str, Any]:
    """A new webhook."""
    answer = service.http.post("/v1/webhooks", json={"url": endpoint.url(), "events": events})
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


def deliveries(service: Running, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """What a webhook was told, newest first."""
    items: list[dict[str, Any]] = service.http.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["items"]
    return items


def attempted(service: Running, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """The same, once all have been tried."""
    return until(
        lambda: deliveries(service, webhook), lambda items: all(each["attempts"] for each in items), timeout=30
    )


def genuine(text: str) -> Any:
    """The function that the page on webhooks gives its readers."""
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_genuine"]


def test_a_job_is_told_as_it_is_answered_and_signed_as_the_page_says(db: Database, tmp_path: Path) -> None:
    is_genuine = genuine(PAGE.read_text())
    with allowing(db, tmp_path) as service, listening() as endpoint:
        webhook = added(service, endpoint)
        good, bad = service.submit()["id"], service.submit()["id"]
        train(db)
        writing(db, claims.finish, failed := claim(db), outcome="failed", reason="diverged", message="loss is nan")
        received = {each.content["event"]: each for each in endpoint.wait(3)}
        assert sorted(received) == ["job.failed", "job.succeeded", "run.failed"]
        answers = {path: service.http.get(f"/v1/{path}").json() for path in (f"jobs/{good}", f"jobs/{bad}")}
        run = service.http.get(f"/v1/runs/{failed.run_id}").json()
        listed = {each["id"]: each for each in attempted(service, webhook)}
    assert received["job.succeeded"].content["job"] == answers[f"jobs/{good}"]
    assert received["job.failed"].content["job"] == answers[f"jobs/{bad}"]
    assert received["run.failed"].content["run"] == run
    assert run["reason"] == "diverged"
    for event, each in received.items():
        assert set(each.content) == {"event", "id", "created_at", event.partition(".")[0]}
        assert is_genuine(webhook["secret"], each.body, each.headers["Lpl-Signature"])
        assert not is_genuine(webhook["secret"], each.body + b" ", each.headers["Lpl-Signature"])
        assert not is_genuine("another", each.body, each.headers["Lpl-Signature"])
        told = listed[each.headers["Lpl-Delivery"]]
        assert (told["event"], told["state"], told["last_status"], told["attempts"]) == (event, "delivered", 204, 1)
        assert (told["created_at"], told["next_attempt_at"]) == (each.content["created_at"], None)
    assert listed[received["run.failed"].content["id"]]["run"] == failed.run_id
    assert listed[received["job.succeeded"].content["id"]]["job"] == good


def test_what_has_been_deleted_is_not_told(sqlite: Database, tmp_path: Path) -> None:
    with allowing(sqlite, tmp_path) as service, listening(answering(503)) as endpoint:
        webhook = added(service, endpoint)
        job = service.submit()["id"]
        assert service.http.post(f"/v1/jobs/{job}/cancel").status_code == 202
        (waiting,) = attempted(service, webhook)
        assert (waiting["event"], waiting["state"], waiting["last_status"]) == ("job.cancelled", "pending", 503)
        assert service.http.delete(f"/v1/jobs/{job}").status_code == 204
        sqlite.clock_offset += 100
        over = until(lambda: deliveries(service, webhook)[0], lambda each: each["state"] != "pending", timeout=30)
    assert (over["state"], over["message"]) == ("given_up", "what it is about has been deleted")
    assert len(endpoint.received) == 1


def test_a_secret_is_shown_once_and_a_webhook_until_it_is_deleted(
    sqlite: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with allowing(sqlite, tmp_path) as service, listening() as endpoint:
        answer = service.http.post("/v1/webhooks", json={"url": endpoint.url(), "events": 2 * ["job.failed"]})
        webhook = answer.json()
        address = answer.headers["location"]
        assert answer.headers["cache-control"] == "no-store"
        assert address == f"/v1/webhooks/{webhook['id']}"
        assert webhook["secret"].startswith("whsec_")
        assert (webhook["url"], webhook["events"]) == (endpoint.url(), ["job.failed"])
        shown = {**webhook, "secret": None}
        assert service.http.get(address).json() == shown
        assert service.http.get("/v1/webhooks").json() == {"items": [shown], "next": None}
        test = service.http.post(f"{address}/test")
        assert (test.status_code, test.json()["event"], test.json()["state"]) == (202, "test", "pending")
        endpoint.wait(1)
        attempted(service, webhook)
        assert service.http.delete(address).status_code == 204
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test")):
            assert service.http.request(method, address + path).status_code == 404
        assert service.http.get("/v1/webhooks").json()["items"] == []
    lines = [(line.method, line.path, line.status) for line in reversed(reading(sqlite, audit.entries).items)]
    assert lines[:3] == [("POST", address, 201), ("POST", f"{address}/test", 202), ("DELETE", address, 204)]
    assert webhook["secret"] not in caplog.text
    assert "/hook" not in caplog.text


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"url": "http://127.0.0.1:9/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://[::ffff:127.0.0.1]/"}, "url"),
        ({"url": "http://[64:ff9b::7f00:1]/"}, "url"),
        ({"url": "http://0x7f.1/"}, "url"),
        ({"url": "http://localhost/"}, "url"),
        ({"url": "http://user:word@8.8.8.8/"}, "url"),
        ({"url": "ftp://8.8.8.8/"}, "url"),
        ({"url": "http://8.8.8.8/" + 2000 * "x"}, "url"),
        ({"url": "http://8.8.8.8/\u0000"}, "url"),
        ({"url": None}, "url"),
        ({"events": []}, "events"),
        ({"events": ["job.begun"]}, "events.0"),
        ({"events": ["test"]}, "events.0"),
        ({"secret": "of my own"}, "secret"),
    ],
)
def test_what_is_no_webhook_is_refused_by_name(refusing: httpx.Client, changes: dict[str, Any], path: str) -> None:
    answer = refusing.post("/v1/webhooks", json={"url": "http://8.8.8.8/", "events": ["job.failed"], **changes})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_names_are_looked_up_as_the_application_is_told(sqlite: Database, tmp_path: Path) -> None:
    body = {"url": "https://hooks.example/", "events": ["job.failed"]}
    for resolved, status in ((["93.184.216.34"], 201), (["93.184.216.34", "10.0.0.1"], 422), ([], 422)):
        with running(sqlite, tmp_path, resolve=leading_to(resolved)) as service:
            assert service.http.post("/v1/webhooks", json=body).status_code == status


def test_a_name_that_changes_its_address_is_not_followed(sqlite: Database, tmp_path: Path) -> None:
    changing = leading_to(["93.184.216.34"], ["127.0.0.1"])
    with running(sqlite, tmp_path, resolve=changing) as service, listening() as endpoint:
        body = {"url": endpoint.url(host="hooks.example"), "events": ["job.failed"]}
        webhook = service.http.post("/v1/webhooks", json=body).json()
        assert service.http.post(f"/v1/webhooks/{webhook['id']}/test").status_code == 202
        (refused,) = attempted(service, webhook)
    assert refused["message"].startswith("hooks.example (127.0.0.1) is not a public address")
    assert endpoint.received == []


def test_webhooks_are_for_administrators(service: Running) -> None:
    writing(service.db, keys.create, name="admin")
    secret = writing(service.db, keys.create, name="submits", scopes=["read", "submit"])[1]
    service.http.headers.update(bearer(secret))
    for method, path in (
        *(("GET", path) for path in ("", "/wh_1", "/wh_1/deliveries")),
        *(("POST", path) for path in ("", "/wh_1/test")),
        ("DELETE", "/wh_1"),
    ):
        answer = service.http.request(method, f"/v1/webhooks{path}", json={} if path == "" else None)
        assert answer.status_code == 403, (method, path)
