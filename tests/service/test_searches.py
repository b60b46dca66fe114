"""Searches whose drivers and workers are killed: every trial once, and the same trials as undisturbed."""

import contextlib
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from store import jobs
from store.database.engine import Database
from tests.api.searching import driver, ended, job_of, outcome, submit, take, train
from tests.grids import campaign
from tests.service.processes import QUICK, SPEC, Process, Service, until
from tests.service.test_killed_api import api_on
from tests.store.databases import SQLITE_FIRST, reading

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LEASE = 60.0


@contextlib.contextmanager
def drivers(url: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """What makes driving processes."""
    arguments = [sys.executable, "-m", "tests.service.driver_script", url, str(folder)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def status(process: "subprocess.Popen[str]") -> int | None:
    """How the driving process ended, None while it drives."""
    assert process.stdout is not None
    return int(process.stdout.readline()) if select.select([process.stdout], [], [], 0.01)[0] else None


@SQLITE_FIRST
@pytest.mark.parametrize("search", [
    {"finalists": 1}, campaign({"sampler": "tpe", "trials": 13, "at_once": 3}),
])  # fmt: skip
def test_a_driver_that_is_killed_before_any_of_its_writes_changes_nothing(
    db: Database, database_url: str, tmp_path: Path, search: dict[str, Any]
) -> None:
    with driver(db, tmp_path):
        undisturbed = ended(db, submit(db, tmp_path, **search))
    db.clock_offset += 2 * LEASE
    job_id, killed = submit(db, tmp_path, **search), 0
    with drivers(database_url, tmp_path) as process:
        assert process.stdin is not None
        while reading(db, jobs.get, job_id).search_open:
            print(db.clock_offset, killed + 1, file=process.stdin, flush=True)
            while (last := status(process)) is None:
                if (held := take(db)) is not None:
                    train(db, held)
            if last:
                assert last == signal.SIGKILL
                killed += 1
            db.clock_offset += 2 * LEASE  # until the lease of the dead one is over
    while (held := take(db)) is not None:
        train(db, held)
    assert killed > 5
    assert outcome(job_of(db, job_id)) == outcome(undisturbed)


TRIALS = 5
REAL: dict[str, Any] = {
    "epochs": 12,
    "checkpoints": {"every_epochs": 3},
    "dataset": {"name": "digits", "imbalance_factor": 20, "validation_fraction": 0.2},
    "search": {
        "sampler": "random",
        "space": {"optimizer.lr": {"low": 0.001, "high": 0.3, "log": True}},
        "trials": TRIALS,
        "halving": {"min_epochs": 3, "factor": 2},
        "then_seeds": [0, 1],
    },
}


def worker_on(database_url: str, folder: Path, name: str) -> Process:
    """A worker of the same data folder."""
    environment = QUICK | {"LPL_POLL_SECONDS": "0.5", "LPL_PACK": "1"}
    environment |= {"LPL_DATABASE_URL": database_url, "LPL_DATA_DIR": str(folder / "data")}
    return Process(["worker", "--device", "cpu"], log_path=folder / f"{name}.log", environment=environment)


def searched(api: Service, address: str, reached: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A search as soon as it is as wanted."""
    found: dict[str, Any] = until(lambda: api.get(address), reached, timeout=150)
    return found


def has_reached(rungs: int, job: dict[str, Any]) -> bool:
    """Whether the trials of a search have reached so many rungs, all together."""
    return sum(trial["rung"] or 0 for trial in job["search"]["trials"]) >= rungs


def end_all(*processes: Sequence[Process]) -> None:
    """End them, however they stand."""
    for process in chain(*processes):
        process.end()


def succeeded(job: dict[str, Any]) -> bool:
    """Whether it has; nothing else may end it."""
    assert job["state"] in ("queued", "running", "succeeded"), job
    return bool(job["state"] == "succeeded")


def disturbed_and_not(database_url: str, folder: Path, kills: Sequence[int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Twice the same search on two API processes and a worker; the second time one of each is killed.

    Args:
        kills: after so many rungs.
    """
    with contextlib.ExitStack() as started:
        apis = [api_on(database_url, folder, f"api-{number}") for number in range(2)]
        workers = [worker_on(database_url, folder, "worker-0")]
        started.callback(end_all, apis, workers)
        first, second = apis
        address = first.http.post("/v1/jobs", json=SPEC | REAL).headers["location"]
        undisturbed = searched(first, address, succeeded)
        address = first.http.post("/v1/jobs", json=SPEC | REAL).headers["location"]
        for rungs in kills:
            searched(second, address, partial(has_reached, rungs))
            first.send(signal.SIGKILL)
            workers[-1].send(signal.SIGKILL)
            workers.append(worker_on(database_url, folder, f"worker-{rungs}"))
            first = second
            if rungs != kills[-1]:
                second = api_on(database_url, folder, f"api-after-{rungs}")
                apis.append(second)
        return undisturbed, searched(first, address, succeeded)


@pytest.mark.campaign
def test_a_service_and_a_worker_that_are_killed_at_a_rung_change_no_trial(tmp_path: Path) -> None:
    undisturbed, disturbed = disturbed_and_not(f"sqlite:///{tmp_path / 'lpl.sqlite3'}", tmp_path, [2])
    assert outcome(disturbed) == outcome(undisturbed)
    assert [trial["number"] for trial in disturbed["search"]["trials"]] == list(range(TRIALS))
    assert disturbed["runs_total"] == undisturbed["runs_total"] == TRIALS + 1


@pytest.mark.campaign
def test_services_and_workers_that_are_killed_at_every_rung_change_no_trial(database_url: str, tmp_path: Path) -> None:
    undisturbed, disturbed = disturbed_and_not(database_url, tmp_path, range(1, TRIALS + 2))
    assert outcome(disturbed) == outcome(undisturbed)
