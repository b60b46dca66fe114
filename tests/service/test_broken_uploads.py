"""Uploads at a real process that is killed, or whose disk takes no more."""

import http.client
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.api.archives import npz, send
from tests.service.processes import QUICK, Service, until

pytestmark = [pytest.mark.slow, pytest.mark.campaign]

HEAD = (
    b'--xyz\r\nContent-Disposition: form-data; name="name"\r\n\r\nmine\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
)
MOST_BYTES = 4_000_000


@contextmanager
def api(folder: Path) -> Iterator[Service]:
    """An API process on the folder's data."""
    log_path = folder / f"api-{len(list(folder.iterdir()))}.log"
    service = Service(["api", "--port", "0", "--data-dir", str(folder / "data")], log_path=log_path, environment=QUICK)
    try:
        yield service
    finally:
        service.http.close()
        service.end()


def leftovers(folder: Path) -> list[str]:
    """What lies below the folder of uploads."""
    root = folder / "data" / "datasets" / "uploads"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_what_a_killed_process_had_received_is_removed_by_the_next(tmp_path: Path) -> None:
    with api(tmp_path) as service:
        url = service.http.base_url
        connection = http.client.HTTPConnection(url.host, url.port, timeout=20)
        connection.putrequest("POST", "/v1/datasets")
        connection.putheader("Content-Type", "multipart/form-data; boundary=xyz")
        connection.putheader("Content-Length", str(2**30))
        connection.endheaders(HEAD + bytes(200_000))
        until(lambda: [each for each in leftovers(tmp_path) if each.endswith(".file")], bool, timeout=30)
        os.kill(service.pid, signal.SIGKILL)
        service.wait()
        connection.close()
        assert len(leftovers(tmp_path)) == 4
    with api(tmp_path) as service:
        until(lambda: leftovers(tmp_path), lambda left: left == [".incoming"], timeout=60)
        assert service.get("/v1/datasets")["items"][-1]["builtin"] is True
        assert send(service.http, "mine", npz()).status_code == 201


def test_a_disk_that_takes_no_more_ends_an_upload_alone(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, hard))
    try:
        opened = api(tmp_path)
        service = opened.__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    try:
        full = send(service.http, "large", bytes(2 * MOST_BYTES))
        assert (full.status_code, "Retry-After" in full.headers) == (503, True), full.text
        assert "nothing was kept" in full.json()["detail"]
        assert leftovers(tmp_path) == [".incoming"]
        assert send(service.http, "small", npz()).status_code == 201
        assert "Traceback" not in service.output
    finally:
        opened.__exit__(None, None, None)
