"""Searches in the store: what their trials have reached, and what follows from what was decided."""

from collections.abc import Sequence
from typing import Any

import pytest

from store import jobs, searches
from store.database.engine import Database
from store.database.records import Claim, Job, NewRun, Run
from store.lifecycle import claims, runs
from store.searches import Step, TrialRow
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import LEASE, SPEC, checkpoint, claim, epoch

METRIC, RUNGS = "test/top1_error", (2, 4, 10)
SEARCH: dict[str, Any] = {"trials": 4, "added": [], "then_seeds": [0, 1], "finalists": 1}
WHOLE: dict[str, Any] = {**SPEC, "seeds": [0], "search": SEARCH}


def new_run(trial: int | None, *, seed: int = 0, lr: float | None = None, stop: int | None = RUNGS[0]) -> NewRun:
    """A run at the point of a trial."""
    lr = float(trial or 0) if lr is None else lr
    spec = {**SPEC, "seeds": [seed], "optimizer": {"lr": lr}}
    return NewRun(seed=seed, point={"optimizer.lr": lr}, spec=spec, epochs=10, trial=trial, stop_epoch=stop)


def submit(db: Database, trials: Sequence[int] = (0, 1, 2), *, spec: dict[str, Any] = WHOLE) -> str:
    new = [new_run(trial) for trial in trials]
    job = jobs.new_job(spec=spec, runs=new, method="lpl", owner="k_1", search_open=True)
    return writing(db, jobs.submit, job).job.id


def job_of(db: Database, job_id: str) -> Job:
    return reading(db, jobs.get, job_id)


def runs_of(db: Database, job_id: str) -> list[Run]:
    return list(reading(db, jobs.list_runs, job_id, limit=100).items)


def trials_of(db: Database, job_id: str) -> list[TrialRow]:
    return reading(db, searches.trials, job_id, metric=METRIC, rungs=RUNGS)


def taken(db: Database, job_id: str, step: Step, **options: Any) -> bool:
    return writing(db, searches.apply, job_id, step, **{"version": job_of(db, job_id).version, **options})


def to_rung(db: Database, *, error: float = 0.5) -> Claim:
    """Train the next run up to where it waits."""
    held = claim(db)
    stop = held.stop_epoch or 10
    begin = runs_epoch(db, held.run_id)
    for number in range(begin + 1, stop + 1):
        epoch(db, held, number, error=error)
    checkpoint(db, held, stop)
    writing(db, claims.finish, held, outcome="at_rung" if held.stop_epoch else "succeeded")
    return held


def runs_epoch(db: Database, run_id: str) -> int:
    return reading(db, runs.get, run_id).epoch


def test_trials_wait_at_their_rung_and_the_job_goes_on_with_its_search(db: Database) -> None:
    job_id = submit(db)
    assert reading(db, searches.open_searches) == {job_id: job_of(db, job_id).version}
    assert job_of(db, job_id).state == "queued"
    for number in range(3):
        held = to_rung(db, error=0.1 * (number + 1))
        run = reading(db, runs.get, held.run_id)
        assert (run.state, run.reason, run.requested, run.worker, run.finished_at) == ("paused", "at_rung", *[None] * 3)
    job = job_of(db, job_id)
    assert (job.state, job.run_states, job.finished_at) == ("running", {"paused": 3}, None)
    assert job.progress == pytest.approx(3 * 0.2 / 5)
    assert claimed(db, worker_id="w", device="cpu", lease_seconds=LEASE) is None
    assert [(row.trial, row.state, row.values) for row in trials_of(db, job_id)] == [
        (0, "at_rung", {0: pytest.approx(0.1)}), (1, "at_rung", {0: pytest.approx(0.2)}),
        (2, "at_rung", {0: pytest.approx(0.3)}),
    ]  # fmt: skip
