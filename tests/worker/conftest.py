"""A store with one submitted run, and a supervisor of a real child process."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from store import events, jobs
from store.database.engine import Database
from store.database.records import Claim, NewRun, Run
from store.lifecycle import runs
from store.settings import Settings
from tests.store.databases import claimed, reading, writing
from worker.devices import CPU
from worker.supervisor import Supervisor
from worker.trainers import Trainers

T = TypeVar("T")
SCRIPT = (sys.executable, str(Path(__file__).parent / "trainer_script.py"))


@pytest.fixture
def store(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database."""
    database = Database(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'lpl.sqlite3')}")
    yield database
    database.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Quick heartbeats and little grace."""
    return Settings(data_dir=tmp_path / "data", lease_seconds=2, grace_seconds=1, poll_seconds=0.2, sweep_seconds=0.2)


def submit(
    store: Database,
    *scripts: list[str],
    number: int = 1,
    one_core: bool = False,
    owner: str = "",
    **changes: Any,
) -> list[str]:
    """Submit runs whose attempts do what the scripts say (the last one again and again); returns their ids."""
    spec: dict[str, Any] = {
        "name": "scripted",
        "tags": [],
        "priority": 5,
        "dataset": {"name": "digits"},
        "epochs": 4,
        "checkpoints": {"keep_last": 2},
        "script": list(scripts),
        **changes,
    }
    new = [NewRun(seed=seed, point={}, spec=spec, epochs=4, one_core=one_core) for seed in range(number)]
    job = writing(store, jobs.submit, jobs.new_job(spec=spec, runs=new, method="lpl", owner=owner)).job
    return [run.id for run in reading(store, jobs.list_runs, job.id, limit=100, cursor=None).items]


class Supervised:
    """An attempt under a supervisor in a thread of its own."""

    def __init__(self, store: Database, settings: Settings, trainers: Trainers | None = None) -> None:
        claim = claimed(store, worker_id="w_test", device="cpu", lease_seconds=settings.lease_seconds)
        assert claim is not None
        self.claim: Claim = claim
        self.stopping = threading.Event()
        self._store = store
        supervisor = Supervisor(
            store,
            claim,
            settings=settings,
            device=CPU,
            stopping=self.stopping,
            trainers=trainers or Trainers(SCRIPT),
        )
        self._thread = threading.Thread(target=supervisor.run, daemon=True)
        self._thread.start()

    def until(self, reached: Callable[[Run], object]) -> Run:
        """Wait until the run is as wanted."""
        return wait_for(lambda: reading(self._store, runs.get, self.claim.run_id), reached)

    def end(self, timeout: float = 15) -> Run:
        """Wait for the supervisor; returns the run."""
        self._thread.join(timeout)
        assert not self._thread.is_alive()
        return reading(self._store, runs.get, self.claim.run_id)


def wait_for(look: Callable[[], T], reached: Callable[[T], object], timeout: float = 15) -> T:
    """What `look` gives as soon as it is as wanted."""
    deadline = time.monotonic() + timeout
    while not reached(seen := look()):
        assert time.monotonic() < deadline, f"waited {timeout} s in vain; last seen: {seen}"
        time.sleep(0.02)
    return seen


def logged(store: Database, run_id: str) -> list[str]:
    """Messages of a run's log."""
    return [
        event.data["message"]
        for event in reading(store, events.after, 0, run=run_id, limit=1000)
        if event.kind == "log"
    ]


def child_of(store: Database, run_id: str) -> int:
    """The process that a run's script has started, as soon as the log has it: what is printed may be stored late."""
    (line,) = wait_for(lambda: [line for line in logged(store, run_id) if line.startswith("child ")], bool)
    return int(line.split()[1])
