"""What no honest client sends, at a real API process: it is refused as documented, and the log stays clean."""

import contextlib
import json
import socket
from typing import Any

import httpx
import pytest

from tests.attack.conftest import address
from tests.service.processes import SPEC, Service

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECRETS = ("Traceback", "site-packages", "def create_app", "root:x:0", "[project]")
LONG = "x" * 100_000
PATHS = (
    "/assets/../../app.py",
    "/assets/%2e%2e/%2e%2e/app.py",
    "/assets/..%2f..%2fapp.py",
    "/assets/..%5c..%5capp.py",
    "/assets/%252e%252e/app.py",
    "/assets/....//....//app.py",
    "/assets//etc/passwd",
    "/assets/%2fetc%2fpasswd",
    "/assets/dashboard.js%00.css",
    "/docs/assets/../../../pyproject.toml",
    "/docs/assets/%2e%2e/__init__.py",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/v1/datasets/..%2f..%2fetc%2fpasswd",
    "/v1/datasets/%00",
    "/v1/datasets/%ff%fe",
    "/v1/jobs/%ed%a0%80",
    "/v1/jobs/%0d%0aSet-Cookie:%20a=b",
    "/v1/runs/%0d%0aSet-Cookie:%20a=b/metrics",
    f"/v1/runs/{'r' * 5000}",
    "/v1/checkpoints/..%2f..%2fdata/content",
    "/v1/theory/%f0%9f%92%a9",
    "/v1/jobs?cursor=%00&limit=1",
    "/v1/jobs?limit=1e400",
    "/v1/jobs?limit=-1",
    f"/v1/jobs?limit={2**63}",
    f"/v1/jobs?limit={'9' * 5000}",
    "/v1/jobs?limit=nan",
    "/v1/jobs?state=%ff",
    "/v1/jobs?cursor=%ff%fe%fd",
    f"/v1/jobs?cursor={'A' * 5000}",
    "/v1/jobs?cursor=eyJpZCI6bnVsbH0",
)
HEADS = {
    "no http": b"\x00\xff\xfe\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "long method": b"G" * 70_000,
    "odd method": b"FROB /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "long target": b"GET /" + LONG.encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "space in target": b"GET /a b c HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "raw bytes in target": b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another host's target": b"GET http://a.example/v1/jobs HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "header without colon": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nabc\r\n\r\n",
    "nul in header": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: \x00\r\n\r\n",
    "carriage return in header": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: b\rSet-Cookie: c\r\n\r\n",
    "two lengths": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "negative length": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "huge length": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n",
    "large length": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 99999999999\r\nConnection: close\r\n\r\n{",
    "length and chunks": b"POST /v1/jobs/validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "odd encoding": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
    "bad chunk": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
}
TOO_LONG = {
    "a header": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 5_000_000 + b"\r\n\r\n",
    "many headers": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 1_000_000 + b"\r\n",
    "a target": b"GET /" + b"x" * 5_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a chunk's size": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 5_000_000,
}
NUMBERS = (
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    str(2**31),
    str(2**63),
    str(-(2**63) - 1),
    "9" * 400,
    "9" * 5000,
    "-0.0",
)
NUMBER_AT = (
    {"epochs": "?"},
    {"batch_size": "?"},
    {"priority": "?"},
    {"seeds": ["?"]},
    {"dataset": {"name": "digits", "imbalance_factor": "?"}},
    {"method": {"name": "lpl", "epsilon": "?"}},
    {"optimizer": {"name": "sgd", "lr": "?"}},
    {"sweep": {"optimizer.lr": ["?"]}},
)
TEXTS = (
    "\x00",
    "\ud800",
    "\u202e\u0000",
    "💩" * 1000,
    LONG,
    "\r\nSet-Cookie: a=b",
    "<script>alert(1)</script>",
    "'; --",
    "{}",
)
BODIES = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "spaces": b" " * 1_000_000,
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep inside": b'{"dataset": "digits", "method": ' + b'{"name":' * 50_000 + b'"lpl"' + b"}" * 50_000 + b"}",
    "invalid utf-8": b'{"name": "\xff\xfe"}',
    "compressed": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "twice the same": b'{"dataset": "digits", "dataset": "nowhere", "method": "lpl"}',
    "cut off": b'{"dataset": "digits", "method',
    "many lists": b'{"a":[' + b"[]," * 1_300_000 + b"[]]}",
    "many keys": json.dumps({f"key{i}": i for i in range(50_000)}).encode(),
    "too large": b" " * 5_000_000,
}


def exchange(service: Service, data: bytes) -> bytes:
    """Everything that is answered to these bytes."""
    with socket.create_connection(address(service), timeout=20) as connection:
        with contextlib.suppress(ConnectionError):  # it may be refused before all is sent
            connection.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65_536):
                answer += part
        return answer


def check(answer: httpx.Response) -> None:
    """A refusal is a problem document; nothing tells what the machine holds."""
    assert answer.status_code < 500, answer.text
    assert "set-cookie" not in answer.headers
    assert not [secret for secret in SECRETS if secret in answer.text]
    if answer.is_client_error:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
def test_no_path_leads_anywhere_else(service: Service, path: str) -> None:
    host, port = address(service)
    head, _, body = exchange(
        service, f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
    ).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0].split()[1] in ("400", "404", "422"), head
    assert "content-type: application/problem+json" in lines
    assert not [line for line in lines if line.lower().startswith("set-cookie")]
    assert not [secret for secret in SECRETS if secret.encode() in body]


@pytest.mark.parametrize("name", HEADS)
def test_what_is_not_http_is_refused(service: Service, name: str) -> None:
    answer = exchange(service, HEADS[name])
    assert answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert b"application/problem+json" in answer
    assert b"nosniff" in answer
    assert b"set-cookie" not in answer.lower()
    assert service.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("name", TOO_LONG)
def test_what_is_too_long_is_not_read_to_its_end(service: Service, name: str) -> None:
    answer = exchange(service, TOO_LONG[name])
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:200]  # lost where the client was still sending
    assert service.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs/validate", "/v1/keys", "/v1/datasets", "/v1/webhooks"])
def test_odd_bodies_are_refused(service: Service, path: str, name: str) -> None:
    answer = service.http.post(path, content=BODIES[name], headers={"Content-Type": "application/json"})
    check(answer)
    assert answer.status_code in (400, 404, 405, 413, 422), answer.text


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:20])
def test_odd_numbers_are_refused_or_harmless(service: Service, number: str) -> None:
    for change in NUMBER_AT:
        body = json.dumps(SPEC | change).replace('"?"', number)
        answer = service.http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
        check(answer)
        assert answer.status_code in (201, 400, 422)
        if answer.status_code == 201:
            check(service.http.get(f"/v1/jobs/{answer.json()['id']}"))
    check(service.http.get("/v1/jobs"))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:20])
def test_odd_texts_are_refused_or_kept_as_they_are(service: Service, text: str) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"name": text},
        {"tags": [text]},
        {"dataset": text},
        {"method": text},
        {text: 1},
    )
    for change in (*changes, {"dataset": {"name": text}}, {"sweep": {text: [1]}}, {"model": {"name": "mlp", text: 1}}):
        body = json.dumps(SPEC | change)
        answer = service.http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
        check(answer)
        assert answer.status_code in (201, 422)
        if answer.status_code == 201:
            kept = service.http.get(f"/v1/jobs/{answer.json()['id']}")
            check(kept)
            assert {field: kept.json()["spec"][field] for field in change} == change
    for path in ("/v1/jobs", "/v1/runs", "/"):
        check(service.http.get(path))


@pytest.mark.parametrize(
    "headers",
    [
        {"Idempotency-Key": LONG[:5000]},
        {"Idempotency-Key": ""},
        {"Idempotency-Key": b"\xff\xfe"},
        {"Authorization": b"Bearer \xff\xfe"},
        {"Authorization": f"Bearer {LONG[:5000]}"},
        {"Authorization": "Basic YTpi"},
        {"If-None-Match": '",,,"W/'},
        {"Content-Type": "application/json; charset=utf-7"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": b"\xff"},
        {"Content-Encoding": "gzip"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "'; --", "X-HTTP-Method-Override": "DELETE"},
    ],
    ids=str,
)
def test_odd_headers_do_no_harm(service: Service, headers: dict[str, Any]) -> None:
    body = json.dumps(SPEC)
    check(service.http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"} | headers))
    check(service.http.get("/v1/jobs", headers=headers))


@pytest.mark.parametrize("last", ["-1", "x", "", str(2**63), "9" * 5000, "1e9", "١"], ids=lambda last: last[:20])
def test_odd_places_in_a_stream(service: Service, last: str) -> None:
    with service.http.stream("GET", "/v1/events", headers={b"Last-Event-ID": last.encode()}) as answer:
        assert answer.status_code in (200, 400, 422)
