"""Runs that ask for a device, and workers that have or lack it."""

from typing import Any

import pytest

from store import events, jobs, workers
from store.database.engine import Database
from store.database.records import Job, NewRun
from store.lifecycle import claims, requests, sweeper
from store.lifecycle.states import State
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import LEASE, SPEC, checkpoint, claim, epoch, submit, sweep


def asking(db: Database, device: str, number: int = 1) -> Job:
    spec = {**SPEC, "device": device}
    new = [NewRun(seed=seed, point={}, spec=spec, epochs=10) for seed in range(number)]
    return writing(db, jobs.submit, jobs.new_job(spec=spec, runs=new, method="lpl")).job


def worker(db: Database, device: str) -> str:
    return writing(db, workers.register, hostname="h", pid=1, device=device, device_name=device, version="1")


def taken(db: Database, device: str) -> str | None:
    held = claimed(db, worker_id=f"w_{device}", device=device, lease_seconds=LEASE)
    return held.job_id if held else None


def run_of(db: Database, job: Job) -> Any:
    return reading(db, jobs.list_runs, job.id).items[0]


@pytest.mark.parametrize(("asked", "device", "fits"), [
    ("auto", "cpu", True), ("auto", "cuda:1", True), ("auto", "mps", True),
    ("cpu", "cpu", True), ("cpu", "cuda:0", True), ("cpu", "mps", True),
    ("cuda", "cpu", False), ("cuda", "cuda:3", True), ("cuda", "mps", False), ("cuda:1", "cuda:0", True),
    ("mps", "cpu", False), ("mps", "cuda:0", False), ("mps", "mps", True),
])  # fmt: skip
def test_a_claim_takes_only_what_the_worker_has(db: Database, asked: str, device: str, fits: bool) -> None:
    job = asking(db, asked)
    assert taken(db, device) == (job.id if fits else None)
    assert run_of(db, job).state == ("running" if fits else "queued")


def test_runs_that_wait_for_a_device_hold_up_no_others(db: Database) -> None:
    asking(db, "cuda", 3)
    other = asking(db, "auto")
    assert taken(db, "cpu") == other.id
    assert taken(db, "cpu") is None


def test_a_run_says_which_device_no_worker_has_until_one_does(db: Database) -> None:
    job, plain = asking(db, "cuda", 2), asking(db, "auto")
    sweep(db)
    assert run_of(db, job).message == "waits for a cuda worker; present: none"
    worker(db, "cpu")
    before = run_of(db, job).version
    sweep(db)
    run = run_of(db, job)
    assert (run.state, run.message) == ("queued", "waits for a cuda worker; present: cpu")
    assert run.version > before
    assert run_of(db, plain).message is None
    states = [event.data for event in reading(db, events.after, 0, run=run.id) if event.kind == "state"]
    assert states[-1]["message"] == run.message
    sweep(db)
    assert run_of(db, job).version == run.version
    assert worker(db, "cuda:0")
    sweep(db)
    assert [run.message for run in reading(db, jobs.list_runs, job.id).items] == [None, None]
    assert taken(db, "cuda:0") == job.id


@pytest.mark.parametrize("action", ["cancel", "pause"])
@pytest.mark.parametrize("whole_job", [True, False])
def test_a_run_that_leaves_the_queue_waits_for_nothing(db: Database, action: str, whole_job: bool) -> None:
    job = asking(db, "mps")
    sweep(db)
    run = run_of(db, job)
    assert run.message == "waits for a mps worker; present: none"
    if whole_job:
        writing(db, requests.request_job, job.id, action)
    else:
        writing(db, requests.request_run, run.id, action)
    assert run_of(db, job).message is None


def test_a_retry_waits_for_the_device_too(db: Database) -> None:
    job = asking(db, "cuda")
    writing(db, requests.request_job, job.id, "cancel")
    writing(db, requests.request_job, job.id, "retry")
    assert taken(db, "cpu") is None
    assert taken(db, "cuda:0") == job.id


def lost(db: Database) -> None:
    held = claimed(db, worker_id="w_1", device="cpu", lease_seconds=LEASE)
    assert held is not None
    assert writing(db, sweeper.report_loss, held, "the trainer died") == State.QUEUED


def ran_out_of_memory(db: Database) -> None:
    held = claimed(db, worker_id="w_1", device="cpu", lease_seconds=LEASE)
    assert held is not None
    assert writing(db, claims.halve_batch, held, "out of memory") is not None


def handed_over(db: Database) -> None:
    writing(db, claims.finish, claim(db), outcome="released")


def paused(db: Database) -> None:
    held = claim(db)
    writing(db, requests.request_run, held.run_id, "pause")
    epoch(db, held, 1)
    checkpoint(db, held, 1)
    writing(db, claims.finish, held, outcome="paused")


@pytest.mark.parametrize("way", [lost, ran_out_of_memory, handed_over, paused])
def test_a_run_that_has_left_its_worker_names_none(db: Database, way: Any) -> None:
    spec = {**SPEC, "on_out_of_memory": "halve_batch", "batch_size": 64}
    new = [NewRun(seed=0, point={}, spec=spec, epochs=10)]
    job = writing(db, jobs.submit, jobs.new_job(spec=spec, runs=new, method="lpl")).job
    way(db)
    run = run_of(db, job)
    assert (run.worker, run.device, run.requested) == (None, None, None)
    assert run.state == ("paused" if way is paused else "queued")


def test_a_run_that_has_ended_names_its_worker(db: Database) -> None:
    submit(db)
    run = writing(db, claims.finish, claim(db), outcome="succeeded")
    assert (run.worker, run.device) == ("w_1", "cpu")
