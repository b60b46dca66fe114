"""Clients that take their time, and very many of them, at a real API process: nobody else is held up."""

import contextlib
import resource
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.process.server import OPEN_FILES
from tests.attack.conftest import HEAD_SECONDS, SQLITE_FIRST, address
from tests.service.processes import SPEC, Service, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), SQLITE_FIRST]

STREAMS = 1000
TRICKLES = {
    "silent": b"",
    "half a head": b"GET /healthz HT",
    "half a body": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{",
    "a refused body that goes on": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
    "half a second head": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea",
}


def test_what_trickles_in_is_cut_off(service: Service) -> None:
    with ThreadPoolExecutor(len(TRICKLES)) as clients:
        taken = dict(
            zip(TRICKLES, clients.map(lambda given: cut_off_after(service, given), TRICKLES.values()), strict=True)
        )
    assert not {name: seconds for name, seconds in taken.items() if not HEAD_SECONDS / 2 < seconds < 4 * HEAD_SECONDS}


def cut_off_after(service: Service, given: bytes) -> float:
    """Seconds until a connection is closed that begins like this and then brings a byte now and then."""
    with socket.create_connection(address(service), timeout=20) as connection:
        began = time.monotonic()
        connection.sendall(given)
        connection.settimeout(0.2)
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < began + 10 * HEAD_SECONDS:
                if given:
                    connection.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(65_536):
                        break
        return time.monotonic() - began


def test_slow_clients_hold_up_nobody(service: Service) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(300):
            connection = held.enter_context(socket.create_connection(address(service), timeout=20))
            connection.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        assert median_seconds(service) < 1


def test_a_thousand_idle_streams_hold_up_nobody(service: Service) -> None:
    service.submit()
    before = until(lambda: open_files(service), lambda held: held < 100, timeout=30)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, OPEN_FILES) if hard >= 0 else OPEN_FILES, hard))
    try:
        with contextlib.ExitStack() as held:
            streams = [held.enter_context(stream(service)) for _ in range(STREAMS)]
            assert open_files(service) >= STREAMS
            assert median_seconds(service) < 1
            job = service.http.post("/v1/jobs", json=SPEC).json()["id"].encode()
            for connection in streams:
                said = b""
                while job not in said:
                    said += connection.recv(65_536)
        until(lambda: open_files(service), lambda left: left < before + 30, timeout=60)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert service.http.get("/readyz").status_code == 200


@contextlib.contextmanager
def stream(service: Service) -> Iterator[socket.socket]:
    """A connection that follows all events."""
    with socket.create_connection(address(service), timeout=60) as connection:
        connection.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        yield connection


def median_seconds(service: Service) -> float:
    """How long a submission and a look take."""
    taken = []
    for _ in range(5):
        began = time.monotonic()
        assert service.http.get("/readyz").status_code == 200
        service.submit()
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


def open_files(service: Service) -> int:
    """How many files and connections the process holds."""
    folder = Path(f"/proc/{service.pid}/fd")
    if folder.is_dir():
        return len(list(folder.iterdir()))
    listed = subprocess.run(["lsof", "-p", str(service.pid)], capture_output=True, text=True, check=True)
    return len(listed.stdout.splitlines())
