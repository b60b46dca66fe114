"""Searches for tests: submitted, driven often, and trained by a made objective in the place of a network."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.schemas.answers import job_answer
from api.searching.process import Searching
from api.services import submission
from api.services.job_page import job_page
from store import jobs, metrics
from store.database.engine import Database
from store.database.records import Claim
from store.doorbell import Doorbell
from store.lifecycle import claims
from store.settings import Settings
from tests.store.databases import claimed, reading, writing

EPOCHS, LEASE = 8, 60.0
VALUES = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]
SEARCH: dict[str, Any] = {
    "sampler": "grid",
    "space": {"method.perturbations.0.delta_epsilon": VALUES},
    "halving": {"min_epochs": 2, "factor": 2},
    "then_seeds": [0, 1, 2],
    "finalists": 2,
}
SPEC: dict[str, Any] = {
    "dataset": {"name": "digits", "imbalance_factor": 20, "validation_fraction": 0.1},
    "model": "mlp",
    "method": "lpl",
    "epochs": EPOCHS,
}


def driver(db: Database, folder: Path, **settings: Any) -> Searching:
    """What drives searches, often."""
    return Searching(Settings(data_dir=folder, **settings), db, Doorbell(None), poll_seconds=0.02)


def submit(db: Database, folder: Path, *, changes: Mapping[str, Any] | None = None, **search: Any) -> str:
    """A new search; its job."""
    body = {**SPEC, **(changes or {}), "search": {**SEARCH, **search}}
    return submission.submit(db, Settings(data_dir=folder), body, idempotency_key=None, owner="").job.id


def job_of(db: Database, job_id: str) -> dict[str, Any]:
    """A job as it is answered."""
    with db.read() as session:
        return job_answer(*job_page(session, jobs.get(session, job_id))).model_dump(mode="json")


def take(db: Database) -> Claim | None:
    """The next run, as a worker takes it."""
    return claimed(db, worker_id="w_test", device="cpu", lease_seconds=LEASE)


def train(db: Database, held: Claim) -> None:
    """Train up to the rung where the run waits, or to the end, by the objective."""
    for epoch in range(1, (held.stop_epoch or EPOCHS) + 1):
        error = objective(held.spec, epoch)
        values = {"validation/top1_error": error, "test/top1_error": error + held.seed / 1000}
        writing(db, metrics.record_epoch, held, epoch=epoch, epochs=EPOCHS, metrics=values, series={})
    writing(db, claims.finish, held, outcome="at_rung" if held.stop_epoch else "succeeded")


def objective(spec: Mapping[str, Any], epoch: int) -> float:
    """A validation error: least at 2.5, falling with the epochs."""
    found = float(spec["method"]["perturbations"][0]["delta_epsilon"])
    return round((0.1 + abs(found - 2.5) / 10) * (1 + 1 / epoch), 9)


def ended(db: Database, job_id: str, *, newest_first: bool = False, timeout: float = 60) -> dict[str, Any]:
    """A search that is trained to its end.

    Args:
        newest_first: train what was claimed last before what was claimed first.
    """
    deadline, waiting = time.monotonic() + timeout, list[Claim]()
    while reading(db, jobs.get, job_id).state in ("queued", "running"):
        assert time.monotonic() < deadline, job_of(db, job_id)
        while (held := take(db)) is not None:
            waiting.append(held)
        if waiting:
            train(db, waiting.pop(-1 if newest_first else 0))
        else:
            time.sleep(0.01)
    return job_of(db, job_id)


def outcome(job: Mapping[str, Any]) -> Any:
    """All of a search that must not depend on who trained and drove it when."""
    trials = [{name: value for name, value in trial.items() if name != "run"} for trial in job["search"]["trials"]]
    finalists = [(point["point"], point["value"]) for point in job["search"]["finalists"]]
    summary = [(row["point"], row["metrics"].get("test/top1_error"), row["missing_seeds"]) for row in job["summary"]]
    return job["state"], trials, finalists, sorted(summary, key=str)
