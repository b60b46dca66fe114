"""What needs lplcore is loaded behind the first answers."""

import signal
from pathlib import Path

import pytest

from tests.service.processes import Process, serving, until

pytestmark = pytest.mark.slow


def test_what_needs_lplcore_waits_for_it_and_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        assert service.get("/v1/jobs")["items"] == []
        wrong = service.http.get("/v1/jobs?stat=queued")
        assert wrong.status_code == 422
        assert "did you mean 'state'?" in wrong.text
        refused = service.http.post("/v1/jobs", json={"dataset": "digits", "method": "lpl", "epochs": 0})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["path"] == "epochs"
        assert service.http.get("/v1/theory/1?points=3&samples=10").status_code == 200
        assert service.get("/v1/catalog")["methods"]


def test_a_service_that_is_stopped_while_it_loads_ends_well(tmp_path: Path) -> None:
    process = Process(
        ["api", "--port", "0", "--data-dir", str(tmp_path / "data")], log_path=tmp_path / "log", environment={}
    )
    try:
        until(lambda: "serving on" in process.output, bool, timeout=60)
        process.send(signal.SIGTERM)
        assert process.wait() == 0, process.output
        assert "Traceback" not in process.output
    finally:
        process.end()
