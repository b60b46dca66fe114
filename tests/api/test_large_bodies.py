"""Bodies that are refused while they arrive: the client hears why, whoever it is, and cannot send for ever."""

import http.client
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from api.process import server
from store import keys
from store.database.engine import Database
from tests.api.service import SPEC, Running, running, running_alone
from tests.store.databases import writing

BODY = json.dumps({**SPEC, "seeds": [0] * 3_000_000}).encode()
HEADERS = {"Content-Type": "application/json"}
Answer = tuple[int, str]


def by_httpx(url: str, body: bytes) -> Answer:
    answer = httpx.post(url, content=body, headers=HEADERS, timeout=60, verify=False)
    return answer.status_code, answer.text


def by_httpx_in_chunks(url: str, body: bytes) -> Answer:
    chunks = (body[start : start + 50_000] for start in range(0, len(body), 50_000))
    answer = httpx.post(url, content=chunks, headers=HEADERS, timeout=60, verify=False)
    return answer.status_code, answer.text


def by_urllib(url: str, body: bytes) -> Answer:
    """Says `Connection: close`, as urllib does."""
    request = urllib.request.Request(url, data=body, headers=HEADERS)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    with refused.value as answer:
        return answer.code, answer.read().decode()


def by_http_1_0(url: str, body: bytes) -> Answer:
    address = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(address[0], timeout=60)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"  # type: ignore[attr-defined]
    connection.request("POST", f"/{address[2]}", body=body, headers={**HEADERS, "Host": address[0]})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def by_curl(url: str, body: bytes, *more: str) -> Answer:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on the path")
    command = ["curl", "--silent", "--show-error", "-H", "Content-Type: application/json", "--data-binary", "@-"]
    done = subprocess.run([*command, *more, "-w", "\n%{http_code}", url], input=body, capture_output=True, check=True)
    text, _, status = done.stdout.decode().rpartition("\n")
    return int(status), text


def by_curl_that_does_not_ask_first(url: str, body: bytes) -> Answer:
    return by_curl(url, body, "-H", "Expect:")


def send_for_ever(connection: socket.socket, chunk: bytes) -> None:
    """Send until the other side has enough, 10 GB at most; small pieces come slowly."""
    for _ in range(10**10 // len(chunk)):
        connection.sendall(chunk)
        time.sleep(0.01 if len(chunk) < 1000 else 0)


CLIENTS = [by_httpx, by_httpx_in_chunks, by_urllib, by_http_1_0, by_curl, by_curl_that_does_not_ask_first]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that these tests share."""
    folder = tmp_path_factory.mktemp("large")
    with running_alone(folder) as served:
        yield served


@pytest.mark.parametrize(
    "path", ["/v1/jobs", "/v1/jobs/validate", "/v1/bounds", "/v1/datasets", "/v1/keys", "/v1/webhooks"]
)
@pytest.mark.parametrize("ask", CLIENTS)
def test_who_sends_too_much_gets_to_read_why(serving: Running, ask: Callable[[str, bytes], Answer], path: str) -> None:
    status, text = ask(f"{serving.url}{path}", BODY)
    assert status == 413
    assert json.loads(text)["status"] == 413
    assert "LPL_MAX_BODY_BYTES" in json.loads(text)["detail"]


@pytest.mark.parametrize("ask", CLIENTS)
def test_any_refusal_before_the_body_is_read_is_heard(
    ask: Callable[[str, bytes], Answer], sqlite: Database, tmp_path: Path
) -> None:
    writing(sqlite, keys.create, name="somebody")
    with running(sqlite, tmp_path) as service:
        status, text = ask(f"{service.url}/v1/jobs", BODY)
    assert (status, json.loads(text)["title"]) == (401, "Unauthorized")


@pytest.mark.parametrize("header", ["Connection: close", "Connection: keep-alive"])
def test_a_refused_body_is_not_read_for_ever(serving: Running, monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    monkeypatch.setattr(server, "DRAIN_BYTES", 1_000_000)
    host, port = serving.url.removeprefix("http://").split(":")
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: {host}:{port}\r\n{header}\r\nContent-Length: 99000000000\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
        with pytest.raises(ConnectionError):
            send_for_ever(connection, b" " * 100_000)


def test_a_refused_body_that_does_not_come_is_not_waited_for(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, body_seconds=3) as service:
        host, port = service.url.removeprefix("http://").split(":")
        head = f"POST /v1/jobs HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nContent-Length: 9000000\r\n\r\n"
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(f"{head}{{".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
            assert answer.startswith(b"HTTP/1.1 413")
            with pytest.raises(ConnectionError):
                send_for_ever(connection, b" ")
        assert service.http.post("/v1/jobs", json=SPEC).status_code == 201
