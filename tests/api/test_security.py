"""Hosts, origins, keys."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.middleware.key_ring import is_loopback, refusal_to_start
from api.middleware.security import host_name, origin_of
from store import keys
from store.database.engine import Database, Session
from store.database.records import ApiKey
from store.settings import Settings
from tests.api.service import SPEC, Running, running
from tests.store.databases import writing

OPEN = ("/healthz", "/readyz", "/docs", "/docs/assets/swagger-ui.css")
CLOSED = ("/v1/jobs", "/v1/catalog", "/v1/keys", "/metrics", "/openapi.json", "/v1/events", "/v1/runs/r_1/checkpoints")


def bearer(secret: str) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "[::2]",
        "a b",
        "evil.com@127.0.0.1",
        "localhost/x",
        "localhost#x",
        "localhost?x",
        "a b@localhost",
        "localhost:80:80",
        "localhost:x",
        "[::1",
        "::1",
        "localhost,evil.example",
    ],
)
def test_foreign_hosts_are_refused(refusing: httpx.Client, host: str) -> None:
    for path in ("/v1/jobs", "/docs", "/"):
        answer = refusing.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert "LPL_ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9999", "127.0.0.1:1", "[::1]:80", "[::1]"])
def test_loopback_names_are_served(refusing: httpx.Client, host: str) -> None:
    assert refusing.get("/v1/jobs", headers={"Host": host}).status_code == 200


def test_a_request_without_host_is_refused(service: Running) -> None:
    address = service.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        connection.sendall(b"GET /v1/jobs HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")


def test_named_hosts_are_served(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, allowed_hosts=["lpl.example"]) as service:
        assert service.http.get("/v1/jobs", headers={"Host": "LPL.example:8000"}).status_code == 200
        assert service.http.get("/v1/jobs", headers={"Host": "other.example"}).status_code == 403


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"},
    {"Origin": "http://[bad"}, {"Origin": "ftp://HOST"},
    {"Origin": "http://a@HOST"}, {"Origin": "HOST"}, {"Sec-Fetch-Site": "cross-site"},
])  # fmt: skip
def test_pages_of_other_origins_change_nothing(refusing: httpx.Client, headers: dict[str, str]) -> None:
    headers = {name: value.replace("HOST", refusing.base_url.netloc.decode()) for name, value in headers.items()}
    answer = refusing.post("/v1/jobs", json=SPEC, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert refusing.delete("/v1/jobs/j_1", headers=headers).status_code == 403
    assert refusing.get("/v1/jobs", headers=headers).status_code == 200


def test_the_services_own_pages_may(service: Running) -> None:
    headers = {"Origin": service.url, "Sec-Fetch-Site": "same-origin"}
    assert service.http.post("/v1/jobs", json=SPEC, headers=headers).status_code == 201


def test_the_first_key_closes_the_service(service: Running) -> None:
    http = service.http
    assert http.get("/v1/jobs").status_code == 200
    made = http.post("/v1/keys", json={"name": "admin", "scopes": ["admin"]})
    assert made.status_code == 201
    secret = made.json()["secret"]
    for path in CLOSED:
        answer = http.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert http.get(path, headers=bearer(secret + "x")).status_code == 401
        assert http.get(path, headers={"Authorization": "Basic abc"}).status_code == 401
    for path in OPEN:
        assert http.get(path).status_code == 200, path
    assert http.get("/v1/jobs", headers=bearer(secret)).status_code == 200
    listed = http.get("/v1/keys", headers=bearer(secret)).json()["items"]
    assert [(key["name"], key["scopes"]) for key in listed] == [("admin", ["admin"])]
    assert secret not in http.get("/v1/keys", headers=bearer(secret)).text


def await_keys(service: Running) -> None:
    """The service has seen that there is a key."""
    deadline = time.monotonic() + 5
    while service.http.get("/v1/jobs").status_code != 401:
        assert time.monotonic() < deadline


def test_who_asks_comes_before_what_is_asked(service: Running) -> None:
    bodies = (b"{bad", b'{"a":[' + b"[]," * 1_200_000 + b"[]]}", b" " * 5_000_000)
    headers = {"Content-Type": "application/json"}
    assert service.http.post("/v1/jobs", content=bodies[0], headers=headers).status_code == 422
    secret = writing(service.db, keys.create, name="first")[1]
    await_keys(service)
    for body in bodies:
        for key in ({}, bearer("lpl_wrong_secret_of_nobody")):
            assert service.http.post("/v1/jobs", content=body, headers={**headers, **key}).status_code == 401
    for path in ("/v1/nothing", "/nothing", "/v1/jobs/", "/docs/../v1/jobs"):
        assert service.http.get(path).status_code == 401, path
    assert service.http.post("/v1/jobs", content=bodies[0], headers={**headers, **bearer(secret)}).status_code == 422
    assert service.http.get("/nothing", headers=bearer(secret)).status_code == 404


def test_keys_are_looked_up_beside_the_event_loop(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[bool] = []

    def noted(session: Session, secret: str) -> ApiKey | None:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        beside.append(True)
        return verify(session, secret)

    verify, secret = keys.verify, writing(service.db, keys.create, name="first")[1]
    monkeypatch.setattr(keys, "verify", noted)
    await_keys(service)
    assert service.http.get("/v1/jobs", headers=bearer(secret)).status_code == 200
    assert beside == [True]


def test_scopes(service: Running) -> None:
    secrets = {scope: writing(service.db, keys.create, name=scope, scopes=[scope])[1] for scope in keys.SCOPES}
    http = service.http
    job = http.post("/v1/jobs", json=SPEC, headers=bearer(secrets["submit"])).json()["id"]
    calls: list[tuple[str, str, str]] = [
        ("GET", f"/v1/jobs/{job}", "read"),
        ("POST", f"/v1/jobs/{job}/pause", "submit"),
        ("DELETE", "/v1/datasets/none", "submit"),
        ("GET", "/v1/keys", "admin"),
        ("DELETE", "/v1/keys/none", "admin"),
    ]
    order = list(keys.SCOPES)
    for method, path, needed in calls:
        for scope in order:
            answer = http.request(method, path, headers=bearer(secrets[scope]))
            assert (answer.status_code == 403) == (order.index(scope) < order.index(needed)), (path, scope)


def test_a_revoked_key_is_worth_nothing(service: Running) -> None:
    http = service.http
    admin = http.post("/v1/keys", json={"name": "a", "scopes": ["admin"]}).json()["secret"]
    other = http.post("/v1/keys", json={"name": "b"}, headers=bearer(admin)).json()
    assert http.get("/v1/jobs", headers=bearer(other["secret"])).status_code == 200
    assert http.delete(f"/v1/keys/{other['id']}", headers=bearer(admin)).status_code == 204
    assert http.get("/v1/jobs", headers=bearer(other["secret"])).status_code == 401


def test_idempotency_keys_of_two_callers_are_apart(service: Running) -> None:
    secrets = [writing(service.db, keys.create, name=name)[1] for name in ("a", "b")]
    made = [
        service.http.post("/v1/jobs", json=SPEC, headers={**bearer(secret), "Idempotency-Key": "same"}).json()["id"]
        for secret in secrets
    ]
    assert made[0] != made[1]


def test_beyond_loopback_a_key_is_required(sqlite: Database, tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", data_dir=tmp_path)
    refused = refusal_to_start(settings, sqlite)
    assert refused is not None
    assert "lpl key create" in refused
    assert "LPL_ADMIN_KEY" in refused
    with running(sqlite, tmp_path, host="0.0.0.0") as service:
        assert service.http.get("/v1/jobs").status_code == 401
        assert service.http.get("/healthz").status_code == 200
    writing(sqlite, keys.create, name="first")
    assert refusal_to_start(settings, sqlite) is None


@pytest.mark.parametrize(("host", "loopback"), [
    ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("[::1]", True), ("localhost", True),
    ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("lpl.example", False), ("", False),
])  # fmt: skip
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_odd_headers_name_nothing() -> None:
    odd: list[Any] = ["[", "[::1", "a:b:c", "@", ":"]
    for text in odd:
        assert host_name(text) in ("", "a")
        assert origin_of(text) is None


def test_every_answer_carries_security_headers(refusing: httpx.Client) -> None:
    for path in ("/healthz", "/v1/jobs", "/nothing", "/docs", "/docs/assets/start.js"):
        headers = refusing.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in refusing.get("/v1/jobs").headers["content-security-policy"]
