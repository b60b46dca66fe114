"""What a client has been told is in the database: a 201 is sent after the commit."""

import signal
from pathlib import Path

import pytest

from tests.service.processes import QUICK, SPEC, Service

pytestmark = pytest.mark.slow


def api_on(database_url: str, folder: Path, name: str) -> Service:
    """The API alone, without broker and worker."""
    environment = QUICK | {"LPL_DATABASE_URL": database_url}
    arguments = ["api", "--port", "0", "--data-dir", str(folder / "data")]
    return Service(arguments, log_path=folder / f"{name}.log", environment=environment)


def test_a_job_is_kept_whose_service_is_killed_as_soon_as_its_client_has_the_201(
    database_url: str, tmp_path: Path
) -> None:
    killed = api_on(database_url, tmp_path, "killed")
    try:
        with killed.http.stream("POST", "/v1/jobs", json=SPEC | {"seeds": [0, 1, 2]}) as answer:
            killed.send(signal.SIGKILL)
            assert answer.status_code == 201
            address = answer.headers["location"]
        assert killed.wait() == -signal.SIGKILL
    finally:
        killed.http.close()
        killed.end()
    other = api_on(database_url, tmp_path, "other")
    try:
        job, runs = other.get(address), other.get(f"{address}/runs")["items"]
    finally:
        other.http.close()
        other.end()
    assert (job["state"], job["runs_total"]) == ("queued", 3)
    assert [(run["seed"], run["state"]) for run in runs] == [(0, "queued"), (1, "queued"), (2, "queued")]
