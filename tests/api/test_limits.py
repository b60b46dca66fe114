"""What a key may ask for, and the log of who asked."""

import json
import socket
from pathlib import Path

import httpx
import pytest

from store import audit, keys
from store.database import Database
from tests.api.service import SPEC, running
from tests.api.test_security import bearer


def test_a_key_that_asks_too_often_waits_and_others_do_not(sqlite: Database, tmp_path: Path) -> None:
    busy, quiet = (keys.create(sqlite, name=name)[1] for name in ("busy", "quiet"))
    with running(sqlite, tmp_path, requests_per_minute=5) as service:
        answers = [service.http.get("/v1/jobs", headers=bearer(busy)) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert "LPL_REQUESTS_PER_MINUTE" in answers[-1].json()["detail"]
        assert service.http.get("/v1/jobs", headers=bearer(quiet)).status_code == 200
        assert service.http.get("/healthz").status_code == 200


def test_without_keys_and_with_zero_nothing_is_counted(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, requests_per_minute=1) as service:
        assert [service.http.get("/v1/jobs").status_code for _ in range(3)] == [200] * 3
    secret = keys.create(sqlite, name="some")[1]
    with running(sqlite, tmp_path, requests_per_minute=0) as service:
        assert [service.http.get("/v1/jobs", headers=bearer(secret)).status_code for _ in range(3)] == [200] * 3


def test_a_key_may_have_so_many_runs_waiting(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, max_queued_runs=3) as service:
        assert service.http.post("/v1/jobs", json={**SPEC, "seeds": [0, 1]}).status_code == 201
        answer = service.http.post("/v1/jobs", json={**SPEC, "seeds": [0, 1]})
        assert answer.status_code == 429
        assert "this key would have 4 runs waiting or paused and may have 3" in answer.json()["detail"]
        assert "Retry-After" in answer.headers
        assert len(service.http.get("/v1/jobs").json()["items"]) == 1


@pytest.fixture
def admin(sqlite: Database) -> str:
    return keys.create(sqlite, name="the admin")[1]


def lines(http: httpx.Client, secret: str) -> list[tuple[str | None, str, str, int]]:
    """(key, method, path, status) of the audit log, oldest first."""
    items = http.get("/v1/audit", headers=bearer(secret)).json()["items"]
    return [(line["key_name"], line["method"], line["path"], line["status"]) for line in reversed(items)]


def test_the_audit_log_says_who_changed_what(sqlite: Database, tmp_path: Path, admin: str) -> None:
    reader = keys.create(sqlite, name="a reader", scopes=["read"])[1]
    with running(sqlite, tmp_path) as service:
        made = service.http.post("/v1/jobs", json=SPEC, headers=bearer(admin)).json()["id"]
        service.http.post(f"/v1/jobs/{made}/cancel", headers=bearer(admin))
        service.http.post("/v1/jobs", json=SPEC, headers=bearer(reader))
        service.http.post("/v1/jobs", json=SPEC, headers=bearer("lpl_wrong_secret_of_nobody"))
        service.http.get("/v1/jobs", headers=bearer(admin))
        service.http.post("/v1/jobs/validate", json=SPEC, headers=bearer(admin))
        service.http.delete("/v1/jobs/%00%E2%82%AC%0a", headers=bearer(admin))
        assert lines(service.http, admin) == [
            ("the admin", "POST", "/v1/jobs", 201),
            ("the admin", "POST", f"/v1/jobs/{made}/cancel", 202),
            ("a reader", "POST", "/v1/jobs", 403),
            (None, "POST", "/v1/jobs", 401),
            ("the admin", "DELETE", "/v1/jobs/\\x00\\u20ac\\n", 404),
        ]
        whole = service.http.get("/v1/audit", headers=bearer(admin)).json()
        assert all(line["address"] == "127.0.0.1" for line in whole["items"])
        assert admin not in json.dumps(whole)
        assert "wrong_secret" not in json.dumps(whole)
        assert service.http.get("/v1/audit", headers=bearer(reader)).status_code == 403


def test_the_audit_log_has_pages_and_is_forgotten_in_time(sqlite: Database) -> None:
    for number in range(5):
        audit.record(sqlite, key_id=None, key_name=None, method="POST", path=f"/{number}", status=201, address=None)
        sqlite.clock_offset += 10
    first = audit.entries(sqlite, limit=3)
    assert [entry.path for entry in first.items] == ["/4", "/3", "/2"]
    rest = audit.entries(sqlite, limit=3, cursor=first.next)
    assert [entry.path for entry in rest.items] == ["/1", "/0"]
    assert rest.next is None
    assert audit.forget(sqlite, older_than_seconds=35) == 2
    assert [entry.path for entry in audit.entries(sqlite).items] == ["/4", "/3", "/2"]


def test_a_body_that_does_not_come_is_not_waited_for(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, body_seconds=0.5) as service:
        address = service.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
            head = f"POST /v1/jobs HTTP/1.1\r\nHost: {':'.join(address)}\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"LPL_BODY_SECONDS" in answer
        assert service.http.post("/v1/jobs", json=SPEC).status_code == 201
