"""What a client has been told is in the database: a 201 is sent after the commit."""

import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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


def test_a_request_that_a_stop_cuts_off_is_answered_and_leaves_no_stack_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "lpl.sqlite3"
    stopped = api_on(f"sqlite:///{path}", tmp_path, "stopped")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor() as pool:
            stopped.submit()
            other.execute("BEGIN IMMEDIATE")
            answer = pool.submit(stopped.http.post, "/v1/jobs", json=SPEC)
            time.sleep(2)  # until it waits for the lock
            stopped.send(signal.SIGTERM)
            assert answer.result(30).status_code == 503
            other.execute("ROLLBACK")
        assert stopped.wait() == 0
        assert "the service stops: POST '/v1/jobs' was cut off" in stopped.output
        assert "Traceback" not in stopped.output
    finally:
        stopped.http.close()
        stopped.end()
