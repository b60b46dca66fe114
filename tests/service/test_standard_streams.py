"""A service that is started with one of its standard streams closed."""

import contextlib
import os
import shlex
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.grids import campaign
from tests.service.processes import LPL, QUICK, SPEC, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [campaign(0), 1, campaign(2)])
def test_a_service_without_a_standard_stream_works(tmp_path: Path, number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    started = shlex.join([*LPL, "serve", "--port", str(port), "--data-dir", str(tmp_path / "data")])
    closed = ["sh", "-c", f"exec {started} {number}>&-"]
    process = subprocess.Popen(closed, env={**os.environ, **QUICK}, start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
            until(lambda: ready(http), bool, timeout=60)
            (run_id,) = [run["id"] for run in http.post("/v1/jobs", json=SPEC).json()["runs"]]
            until(lambda: http.get(f"/v1/runs/{run_id}").json()["state"], "succeeded".__eq__, timeout=90)
    finally:
        process.terminate()
        assert process.wait(60) == 0


def ready(http: httpx.Client) -> bool:
    """Whether the service takes requests."""
    with contextlib.suppress(httpx.TransportError):
        return http.get("/readyz").status_code == 200
    return False
