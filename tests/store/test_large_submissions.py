"""A large job is stored beside running ones without keeping their heartbeats waiting."""

import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from store import jobs
from store.database.engine import Database
from store.database.records import Claim, NewJob, NewRun
from store.lifecycle import claims
from tests.store.databases import claimed, migrate, writing

RUNS, CLAIMS, SUBMISSIONS = 10_000, 4, 3
BEAT_SECONDS, LONGEST_SECONDS = 0.05, 1.0
SPEC = {
    "name": "large",
    "tags": ["a"],
    "priority": 0,
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "notes": "x" * 1500,  # a complete spec is as long
}


def plan(runs: int) -> NewJob:
    """A job of so many runs."""
    new = [NewRun(seed, {"seed": seed}, SPEC, 10) for seed in range(runs)]
    return jobs.new_job(spec=SPEC, runs=new, method="lpl")


class Heartbeats:
    """Threads that renew leases, and how long each of them waited."""

    def __init__(self, db: Database, held: list[Claim]) -> None:
        self._db, self._stopping = db, threading.Event()
        self.waits: list[float] = []
        self.threads = [threading.Thread(target=self._beat, args=(claim,)) for claim in held]

    def __enter__(self) -> "Heartbeats":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self.threads:
            thread.join()

    def _beat(self, claim: Claim) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            began = time.monotonic()
            self._db.write(partial(claims.heartbeat, claim=claim, lease_seconds=60))
            self.waits.append(time.monotonic() - began)


@pytest.mark.slow
def test_heartbeats_go_on_while_ten_thousand_runs_are_submitted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lpl.sqlite3'}"
    migrate(url)
    db = Database(url)
    writing(db, jobs.submit, plan(CLAIMS))
    held = [claimed(db, worker_id=f"w_{number}", device="cpu", lease_seconds=60) for number in range(CLAIMS)]
    longest: list[float] = []
    with Heartbeats(db, [claim for claim in held if claim is not None]) as heartbeats:
        for _ in range(SUBMISSIONS):
            before = len(heartbeats.waits)
            command = [sys.executable, "-m", __name__, url]
            stretch = subprocess.run(command, check=True, cwd=Path(__file__).parents[2], capture_output=True).stdout
            time.sleep(2 * BEAT_SECONDS)
            longest.append(max(heartbeats.waits[before:]) / float(stretch))
    db.dispose()
    assert len(heartbeats.waits) > SUBMISSIONS * CLAIMS
    # Seconds of a machine that does nothing else; and another disk access may come between, but not each time.
    assert min(longest) < LONGEST_SECONDS, longest


if __name__ == "__main__":
    database = Database(sys.argv[1])
    job, began, used = plan(RUNS), time.monotonic(), time.process_time()
    submitted = writing(database, jobs.submit, job)
    print(max(1.0, (time.monotonic() - began) / (time.process_time() - used)))  # how much others slowed it down
    assert submitted.job.run_states == {"queued": RUNS}
    database.dispose()
