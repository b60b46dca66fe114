"""`lpl serve` that is stopped or killed, and what it leaves."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.service.processes import descendants, frozen_halfway, gone, serving, title, told_to_end

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]
LONG: dict[str, Any] = {"epochs": 50, "checkpoints": {"every_epochs": 2}}
ENDLESS: dict[str, Any] = {"epochs": 100_000, "checkpoints": {"every_epochs": 100_000}}


def test_a_stopped_service_leaves_nothing_behind_and_goes_on_when_started_again(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as first:
        (run_id,) = first.submit(**LONG)
        trainer = frozen_halfway(first, run_id)
        family = descendants(first.pid)
        assert any("valkey" in title(pid) for pid in family)
        first.send(signal.SIGTERM)
        told_to_end(trainer)
        os.kill(trainer, signal.SIGCONT)
        assert first.wait() == 0
        gone(family, timeout=5)
    with serving(tmp_path / "data") as second:
        assert second.succeeded(run_id)["attempt"] == 2
        (undisturbed,) = second.submit(**LONG)
        second.succeeded(undisturbed)
        assert second.results(run_id) == second.results(undisturbed)


@pytest.mark.campaign
def test_without_a_broker_runs_are_found_by_polling_and_a_killed_service_leaves_nothing(tmp_path: Path) -> None:
    away = {"LPL_BROKER_URL": "redis://:hush@127.0.0.1:1/0", "LPL_POLL_SECONDS": "1"}
    with serving(tmp_path / "data", **away) as service:
        service.succeeded(service.submit()[0])
        assert "hush" not in service.output
        (endless,) = service.submit(**ENDLESS)
        service.run_once(endless, lambda run: run["epoch"] >= 1)
        family = descendants(service.pid)
        assert len(family) >= 2
        service.send(signal.SIGKILL)
        gone(family, timeout=20)
