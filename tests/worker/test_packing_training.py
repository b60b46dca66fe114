"""Real training in packs: whatever becomes of one run, the others have the bits that they have alone."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import lplcore
from store import checkpoints, jobs, metrics
from store.database.engine import Database
from store.database.records import NewRun
from store.lifecycle import requests, runs
from store.settings import Settings
from tests.grids import campaign
from tests.service.processes import QUICK, Process, find
from tests.service.processes import SPEC as DIGITS
from tests.store.databases import reading, writing
from tests.worker.conftest import wait_for
from tests.worker.harmful_host import KILLER
from worker import warm
from worker.devices import CPU
from worker.slots import Slots
from worker.trainers import Trainers
from worker.warm import Host

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not warm.supported(), reason="trainers are forked on Linux")]
Spec = dict[str, Any]
HARMFUL_HOST = (sys.executable, "-m", "tests.worker.harmful_host")
LONG = 100_000
MEASURED = "train/examples_per_second"
CONVOLUTIONS: Spec = {"model": "resnet32", "epochs": 1, "batch_size": 256, "method": "ldam_drw"}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """The host that workers have."""
    started = Host()
    yield started
    started.stop()


@contextmanager
def harmed(way: str) -> Iterator[Host]:
    """A host in whose trainers the run of seed `KILLER` does harm."""
    started = Host((*HARMFUL_HOST, way))
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def working(store: Database, settings: Settings, host: Host, *, pack: int) -> Iterator[Slots]:
    """A worker with one core and packs of so many."""
    own = settings.model_copy(update={"pack": pack, "cores": 1})
    slots = Slots(store, own, [CPU], trainers=Trainers(host=host))
    slots.start()
    try:
        yield slots
    finally:
        slots.stop(timeout=10)


def submit(store: Database, *changes: Spec) -> list[str]:
    """Submit a job with a run for each change of the spec, seeds from 0 on."""
    new = []
    for seed, change in enumerate(changes):
        spec = lplcore.parse_spec({**DIGITS, **change, "seeds": [seed]})
        new.append(NewRun(seed=seed, point={}, spec=spec.model_dump(mode="json"), epochs=spec.epochs, one_core=True))
    job = writing(store, jobs.submit, jobs.new_job(spec=new[0].spec, runs=new, method="lpl")).job
    return [run.id for run in reading(store, jobs.list_runs, job.id, limit=100, cursor=None).items]


def states(store: Database, ids: Sequence[str]) -> list[str]:
    return [reading(store, runs.get, run_id).state for run_id in ids]


def until(store: Database, ids: Sequence[str], *expected: str) -> None:
    wait_for(lambda: states(store, ids), lambda seen: seen == list(expected), timeout=90)


def result(store: Database, run_id: str) -> Any:
    """All that must not depend on what trains beside: metrics, arrays, and the last checkpoint's hash."""
    curves = reading(store, metrics.metrics, run_id)
    curves.pop(MEASURED)
    arrays = {
        (name, epoch): series.data
        for name in reading(store, metrics.series_names, run_id)
        for epoch, series in reading(store, metrics.series, run_id, name).items()
    }
    last = reading(store, checkpoints.list_for_run, run_id)[-1]
    return curves, arrays, (last.epoch, last.sha256)


def alone(store: Database, settings: Settings, host: Host, *changes: Spec) -> list[Any]:
    """The results of runs that have a process to themselves."""
    with working(store, settings, host, pack=1):
        ids = submit(store, *changes)
        until(store, ids, *["succeeded"] * len(ids))
    return [result(store, run_id) for run_id in ids]


def optimizer(rate: float) -> Spec:
    """A rate is a number: runs that differ in it may share a process."""
    return {"optimizer": {"name": "sgd", "lr": rate}}


@pytest.mark.parametrize(
    "changes",
    [
        [{}, {"epochs": 3}, optimizer(0.1), optimizer(0.02), {}],
        campaign([CONVOLUTIONS, CONVOLUTIONS]),
    ],
    ids=["mlp", "resnet32"],
)
def test_packed_runs_have_the_bits_that_they_have_alone(
    store: Database, settings: Settings, host: Host, changes: list[Spec]
) -> None:
    expected = alone(store, settings, host, *changes)
    with working(store, settings, host, pack=5):
        ids = submit(store, *changes)
        wait_for(lambda: [reading(store, runs.get, run_id).packed for run_id in ids], all)
        until(store, ids, *["succeeded"] * len(ids))
    assert [result(store, run_id) for run_id in ids] == expected
    assert [reading(store, runs.get, run_id).attempt for run_id in ids] == [1] * len(ids)


@pytest.mark.campaign
def test_of_five_one_kills_its_process_each_time_and_four_succeed_with_the_bits_they_have_alone(
    store: Database, settings: Settings, host: Host
) -> None:
    changes: list[Spec] = [{"epochs": 6, "checkpoints": {"every_epochs": 1}}] * 5
    changes[KILLER] = {"epochs": 6, "checkpoints": {"every_epochs": 6}}
    expected = alone(store, settings, host, *changes)
    with harmed("kills") as killing, working(store, settings, killing, pack=5):
        ids = submit(store, *changes)
        until(store, ids, *["failed" if seed == KILLER else "succeeded" for seed in range(5)])
    ended = [reading(store, runs.get, run_id) for run_id in ids]
    killer = ended.pop(KILLER)
    assert (killer.reason, killer.attempt, killer.losses) == ("worker_lost", 4, 3)
    assert [(run.attempt, run.losses) for run in ended] == [(2, 0)] * 4
    for seed, run_id in enumerate(ids):
        assert seed == KILLER or result(store, run_id) == expected[seed]


@pytest.mark.parametrize(
    ("way", "attempts"), [campaign("loses-device", [2, 2, 2, 2, 2]), campaign("runs-out-of-memory", [1, 1, 1, 2, 1])]
)
def test_a_device_that_is_lost_ends_the_attempts_of_all_and_memory_that_runs_out_that_of_one(
    store: Database, settings: Settings, host: Host, way: str, attempts: list[int]
) -> None:
    changes: list[Spec] = [{"epochs": 2}] * 5
    expected = alone(store, settings, host, *changes)
    with harmed(way) as harming, working(store, settings, harming, pack=5):
        ids = submit(store, *changes)
        until(store, ids, *["succeeded"] * 5)
    ended = [reading(store, runs.get, run_id) for run_id in ids]
    assert [run.attempt for run in ended] == attempts
    assert [(run.losses, run.alone) for run in ended] == [(0, attempt == 2) for attempt in attempts]
    assert [result(store, run_id) for run_id in ids] == expected


@pytest.mark.campaign
def test_cancel_pause_and_failure_of_some_leave_the_bits_of_the_others_alone(
    store: Database, settings: Settings, host: Host
) -> None:
    kept: list[Spec] = [{"epochs": 8}, {"epochs": 8}, {"epochs": 100}]
    expected = alone(store, settings, host, *kept)
    with working(store, settings, host, pack=5):
        ids = submit(store, *kept, {"epochs": LONG}, {"epochs": LONG, **optimizer(1e6)})
        cancelled, paused = ids[3], ids[2]
        wait_for(lambda: reading(store, runs.get, cancelled).epoch, bool)
        writing(store, requests.request_run, paused, "pause")
        writing(store, requests.request_run, cancelled, "cancel")
        until(store, ids, "succeeded", "succeeded", "paused", "cancelled", "failed")
        assert reading(store, runs.get, ids[4]).reason == "diverged"
        writing(store, requests.request_run, paused, "resume")
        until(store, ids, "succeeded", "succeeded", "succeeded", "cancelled", "failed")
    assert [result(store, run_id) for run_id in ids[:3]] == expected
    assert [reading(store, runs.get, run_id).attempt for run_id in ids] == [1, 1, 2, 1, 1]


@pytest.mark.campaign
def test_a_worker_that_is_killed_while_five_are_packed_costs_none_a_loss_and_no_bit(
    store: Database, settings: Settings, host: Host, tmp_path: Path
) -> None:
    changes: list[Spec] = [{"epochs": 30, "checkpoints": {"every_epochs": 5}}] * 5
    expected = alone(store, settings, host, *changes[:2])
    ids = submit(store, *changes)
    environment = QUICK | {"LPL_PACK": "5", "LPL_DATABASE_URL": str(store.url), "LPL_DATA_DIR": str(settings.data_dir)}
    worker = Process(["worker", "--device", "cpu"], log_path=tmp_path / "worker.log", environment=environment)
    try:
        wait_for(lambda: [reading(store, runs.get, run_id).epoch for run_id in ids], all, timeout=60)
        trainer = find(worker.pid, ids[0])
        assert trainer is not None
        os.kill(trainer, signal.SIGSTOP)
        assert [reading(store, runs.get, run_id).packed for run_id in ids] == [True] * 5
        worker.send(signal.SIGKILL)
        worker.wait()
    finally:
        worker.end()
    with working(store, settings, host, pack=5):
        until(store, ids, *["succeeded"] * 5)
    ended = [reading(store, runs.get, run_id) for run_id in ids]
    assert [(run.attempt, run.losses, run.alone) for run in ended] == [(2, 0, True)] * 5
    assert [result(store, run_id) for run_id in ids[:2]] == expected
