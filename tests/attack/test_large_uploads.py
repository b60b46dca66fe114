"""An upload of two gibibytes at a real API process: it is streamed, and the process takes no more memory for it."""

import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.archives import FOLDERS, send, tarred
from tests.service.processes import Service

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory in /proc"),
]
SIZE, BLOCK = 2**31, 2**20
MOST_MORE_BYTES = 48 * 2**20


def large_form(name: str) -> Iterator[bytes]:
    """A form with a tar of class folders, and of a file of zeros in one of them."""
    yield f'--xyz\r\nContent-Disposition: form-data; name="name"\r\n\r\n{name}\r\n'.encode()
    yield b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.tar"\r\n\r\n'
    zeros = tarfile.TarInfo("cat/zeros.bin")
    zeros.size = SIZE
    yield zeros.tobuf()
    for _ in range(SIZE // BLOCK):
        yield bytes(BLOCK)
    yield tarred(FOLDERS)
    yield b"\r\n--xyz--\r\n"


def peak_bytes(service: Service) -> int:
    """The most memory that the process has had so far."""
    match = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{service.pid}/status").read_text())
    assert match is not None
    return 1024 * int(match[1])


def test_memory_stays_flat_at_two_gibibytes(tmp_path: Path) -> None:
    service = Service(
        ["api", "--port", "0", "--data-dir", str(tmp_path / "data")], log_path=tmp_path / "log", environment={}
    )
    try:
        assert send(service.http, "small", tarred(FOLDERS)).status_code == 201
        before = peak_bytes(service)
        kind = {"Content-Type": "multipart/form-data; boundary=xyz"}
        answer = service.http.post("/v1/datasets", content=large_form("large"), headers=kind, timeout=600)
        assert answer.status_code == 201, answer.text
        assert "zeros.bin" in " ".join(answer.json()["notes"])
        more = peak_bytes(service) - before
        print(f"peak {before >> 20} MiB before, {more >> 20} MiB more after {SIZE >> 20} MiB in {answer.elapsed}")
        assert more < MOST_MORE_BYTES
        assert service.http.delete("/v1/datasets/large").status_code == 204
        assert not list((tmp_path / "data" / "datasets").rglob("zeros.bin"))
    finally:
        service.http.close()
        service.end()
