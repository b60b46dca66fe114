"""Slots: who trains when, signs of life, and what is left behind."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from store import workers
from store.database.engine import Database
from store.lifecycle import runs
from store.settings import Settings
from tests.service.processes import find
from tests.store.databases import reading, writing
from tests.worker.conftest import SCRIPT, Supervised, submit, wait_for
from worker.devices import CPU, Device
from worker.registration import Registration
from worker.slots import Slots
from worker.trainers import Trainers

pytestmark = pytest.mark.slow
QUICK_RUN = ["epoch", "end succeeded"]


@contextmanager
def working(store: Database, settings: Settings, *, devices: int = 1) -> Iterator[Slots]:
    """A worker's slots at work."""
    slots = Slots(store, settings, [Device(f"cpu:{n}", "a test's") for n in range(devices)], trainers=Trainers(SCRIPT))
    slots.start()
    try:
        yield slots
    finally:
        slots.stop(timeout=10)


def all_succeeded(store: Database, ids: list[str]) -> bool:
    return all(reading(store, runs.get, run_id).state == "succeeded" for run_id in ids)


def test_polling_finds_runs_that_no_message_told_of(store: Database, settings: Settings) -> None:
    with working(store, settings):
        ids = submit(store, QUICK_RUN, number=3)
        wait_for(lambda: all_succeeded(store, ids), bool)


def test_a_wake_up_starts_a_run_at_once(store: Database, settings: Settings) -> None:
    seldom = settings.model_copy(update={"poll_seconds": 3600.0})
    with working(store, seldom) as slots:
        time.sleep(0.5)  # past the first poll
        (run_id,) = submit(store, QUICK_RUN)
        slots.wake()
        assert reading(store, runs.get, run_id).state == "succeeded"


def test_every_device_trains_a_run_of_its_own(store: Database, settings: Settings) -> None:
    with working(store, settings, devices=2):
        ids = submit(store, ["epoch", "until-stopped"], number=3)
        wait_for(lambda: [reading(store, runs.get, run_id).epoch for run_id in ids], lambda epochs: sum(epochs) == 2)
        assert sorted(reading(store, runs.get, run_id).state for run_id in ids) == ["queued", "running", "running"]


@contextmanager
def working_on_a_cpu(store: Database, settings: Settings, *, cores: int) -> Iterator[Slots]:
    """A worker that has so many cores of a CPU."""
    seldom = settings.model_copy(update={"poll_seconds": 3600.0, "cores": cores})
    slots = Slots(store, seldom, [CPU], trainers=Trainers(SCRIPT))
    slots.start()
    try:
        yield slots
    finally:
        slots.stop(timeout=10)


def states(store: Database, ids: list[str]) -> list[str]:
    return [reading(store, runs.get, run_id).state for run_id in ids]


def test_runs_that_need_one_core_train_side_by_side(store: Database, settings: Settings) -> None:
    ids = submit(store, ["epoch", "until-stopped"], number=4, one_core=True)
    with working_on_a_cpu(store, settings, cores=3):
        wait_for(lambda: sorted(states(store, ids)), lambda seen: seen == ["queued", "running", "running", "running"])
        (listed,) = reading(store, workers.list_workers, silent_after=60)
        assert listed.device == "cpu"


def test_a_run_that_needs_all_cores_waits_for_them_and_is_not_overtaken(store: Database, settings: Settings) -> None:
    (small,) = submit(store, ["epoch", "until-stopped", "end succeeded"], one_core=True)
    (whole,) = submit(store, ["epoch", "until-stopped", "end succeeded"])
    later = submit(store, ["epoch", "until-stopped", "end succeeded"], one_core=True, number=2)
    ids = [small, whole, *later]
    with working_on_a_cpu(store, settings, cores=2) as slots:
        for expected in (
            ["running", "queued", "queued", "queued"],
            ["succeeded", "running", "queued", "queued"],
            ["succeeded", "succeeded", "running", "running"],
        ):
            wait_for(lambda: states(store, ids), lambda seen, expected=expected: seen == expected)  # type: ignore[misc]
            slots_idle(slots)
            assert states(store, ids) == expected
            stop_first(store, ids)


def slots_idle(slots: Slots) -> None:
    """Everybody has looked for work once more."""
    for _ in range(3):
        threading.Thread(target=slots.wake, daemon=True).start()
    time.sleep(0.3)


def stop_first(store: Database, ids: list[str]) -> None:
    """Let the first run that trains come to its end."""
    run_id = next(run_id for run_id in ids if reading(store, runs.get, run_id).state == "running")
    wait_for(lambda: reading(store, runs.get, run_id).epoch, bool)
    found = wait_for(lambda: find(os.getpid(), run_id), lambda pid: pid is not None)
    assert found is not None
    os.kill(found, signal.SIGTERM)


def test_messages_while_a_slot_is_busy_start_no_second_trainer(store: Database, settings: Settings) -> None:
    with working(store, settings) as slots:
        ids = submit(store, ["epoch", "sleep 0.3", "end succeeded"], number=2)
        for _ in range(5):
            threading.Thread(target=slots.wake).start()
        wait_for(lambda: reading(store, runs.get, ids[0]).state, lambda state: state == "running")
        assert reading(store, runs.get, ids[1]).state == "queued"
        wait_for(lambda: all_succeeded(store, ids), bool)


def test_stopping_hands_over_what_trains_in_a_thread_of_celery(store: Database, settings: Settings) -> None:
    seldom = settings.model_copy(update={"poll_seconds": 3600.0})
    with working(store, seldom) as slots:
        time.sleep(0.5)
        (run_id,) = submit(store, ["epoch", "until-stopped", "checkpoint", "end stopped"])
        threading.Thread(target=slots.wake, daemon=True).start()
        wait_for(lambda: reading(store, runs.get, run_id).epoch, bool)
    assert reading(store, runs.get, run_id).state == "queued"
    assert reading(store, workers.list_workers, silent_after=60) == []


def test_workers_are_listed_with_what_they_train(store: Database, settings: Settings) -> None:
    registration = Registration(store, Device("cuda:1", "a card"), poll_seconds=settings.poll_seconds)
    registration.beat()
    registration.beat()
    (listed,) = reading(store, workers.list_workers, silent_after=60)
    assert (listed.device, listed.device_name, listed.run_id, listed.alive) == ("cuda:1", "a card", None, True)


def drain(store: Database, device: str, *, draining: bool = True) -> None:
    """Let a device of the worker drain, or go on."""
    (found,) = [each for each in reading(store, workers.list_workers, silent_after=60) if each.device == device]
    writing(store, workers.set_draining, found.id, draining=draining, silent_after=60)


def test_a_drained_worker_finishes_its_run_takes_nothing_and_goes_on_when_resumed(
    store: Database, settings: Settings
) -> None:
    with working(store, settings) as slots:
        ids = submit(store, ["epoch", "until-stopped", "end succeeded"], number=2)
        wait_for(lambda: states(store, ids), lambda seen: seen == ["running", "queued"])
        drain(store, "cpu:0")
        stop_first(store, ids)
        wait_for(lambda: states(store, ids), lambda seen: seen == ["succeeded", "queued"])
        slots.wake()  # looks, and so do polls
        slots_idle(slots)
        assert states(store, ids) == ["succeeded", "queued"]
        (listed,) = reading(store, workers.list_workers, silent_after=60)
        assert (listed.draining, listed.alive) == (True, True)
        assert listed.memory_total_bytes is not None
        drain(store, "cpu:0", draining=False)
        wait_for(lambda: states(store, ids), lambda seen: seen == ["succeeded", "running"])
        stop_first(store, ids)
        wait_for(lambda: all_succeeded(store, ids), bool)


def test_a_wake_up_goes_past_a_device_that_drains(
    store: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.slots.BEAT_SECONDS", 0.1)
    seldom = settings.model_copy(update={"poll_seconds": 3600.0})
    with working(store, seldom, devices=2) as slots:
        drain(store, "cpu:0")
        wait_for(lambda: [slot.draining for slot in slots._slots], lambda seen: seen == [True, False])
        (run_id,) = submit(store, QUICK_RUN)
        slots.wake()
        assert reading(store, runs.get, run_id).state == "succeeded"


def test_what_a_killed_worker_left_is_cleared(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["until-stopped", "end stopped"])
    held = Supervised(store, settings)
    left = settings.data_dir / "scratch" / f"{run_id}-7"
    standing = settings.data_dir / "scratch" / f"{run_id}-1"
    wait_for(standing.exists, bool)
    left.mkdir()
    with working(store, settings):
        wait_for(left.exists, lambda exists: not exists)
        left.mkdir()  # killed after this worker had begun
        wait_for(left.exists, lambda exists: not exists)
        assert standing.exists()
    held.stopping.set()
    held.end()


def test_what_is_left_of_a_deleted_run_is_cleared_and_no_other_folder(store: Database, settings: Settings) -> None:
    left, foreign = (
        settings.data_dir / "scratch" / "r_0123456789abcdef01234567-1",
        settings.data_dir / "scratch" / "a-b",
    )
    for folder in (left, foreign):
        folder.mkdir(parents=True)
    with working(store, settings):
        wait_for(left.exists, lambda exists: not exists)
        assert foreign.exists()
