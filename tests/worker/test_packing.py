"""Runs that share a process: real processes and a real store; only torch is left out."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from store import checkpoints, metrics
from store.database.engine import Database
from store.database.records import Run
from store.lifecycle import requests, runs
from store.settings import Settings
from tests.service.processes import find
from tests.store.databases import reading, writing
from tests.worker.conftest import SCRIPT, logged, submit, wait_for
from tests.worker.test_supervisor import lose_lease
from tests.worker.test_warm import hosted
from worker import warm
from worker.devices import Device
from worker.slots import Slots
from worker.trainers import Trainers

pytestmark = pytest.mark.slow
Script = list[str]
QUIET = ["epoch", "until-stopped", "checkpoint", "end stopped"]
TO_THE_END = ["epoch", "end succeeded"]


@contextmanager
def working(store: Database, settings: Settings, *, pack: int = 5, trainers: Trainers | None = None) -> Iterator[Slots]:
    """A worker with one slot, of packs."""
    packing = settings.model_copy(update={"pack": pack})
    slots = Slots(store, packing, [Device("cpu:0", "a test's")], trainers=trainers or Trainers(SCRIPT))
    slots.start()
    try:
        yield slots
    finally:
        slots.stop(timeout=10)


def submit_five(store: Database, *others: Script, **by_seed: Sequence[Script]) -> list[str]:
    """Five runs that differ in their seed; those that `others` is not for are named `seed_N`."""
    scripts = {name.removeprefix("seed_"): list(script) for name, script in by_seed.items()}
    return submit(store, number=5, script={"others": list(others), **scripts})


def look(store: Database, ids: list[str]) -> list[Run]:
    return [reading(store, runs.get, run_id) for run_id in ids]


def states(store: Database, ids: list[str]) -> list[str]:
    return [run.state for run in look(store, ids)]


def until(store: Database, ids: list[str], *expected: str) -> list[Run]:
    """The runs as soon as their states are these; one that is given stands for all."""
    wanted = list(expected) if len(expected) > 1 else list(expected) * len(ids)
    wait_for(lambda: states(store, ids), lambda seen: seen == wanted, timeout=30)
    return look(store, ids)


def begun(store: Database, ids: list[str]) -> None:
    """Wait until each has recorded an epoch."""
    wait_for(lambda: [run.epoch for run in look(store, ids)], all)


def process_of(run_id: str) -> int:
    pid = find(os.getpid(), run_id)
    assert pid is not None
    return pid


def kept_epochs(store: Database, run_id: str) -> list[int]:
    return [kept.epoch for kept in reading(store, checkpoints.list_for_run, run_id)]


def test_five_runs_share_a_process_each_with_its_own_figures_and_checkpoints(
    store: Database, settings: Settings
) -> None:
    with working(store, settings):
        ids = submit_five(store, ["epoch", "epoch", "checkpoint", "until-stopped", "end stopped"])
        wait_for(lambda: [run.epoch for run in look(store, ids)], lambda seen: seen == [2] * 5)
        assert len({process_of(run_id) for run_id in ids}) == 1
        held = look(store, ids)
        assert [(run.state, run.attempt, run.packed) for run in held] == [("running", 1, True)] * 5
        leases = [run.lease_expires_at or 0.0 for run in held]
        wait_for(
            lambda: [run.lease_expires_at or 0.0 for run in look(store, ids)], lambda seen: min(seen) > max(leases)
        )
        for run_id in ids:
            assert reading(store, metrics.metrics, run_id)["test/top1_error"]["value"] == [1.0, 0.5]
        wait_for(lambda: [kept_epochs(store, run_id) for run_id in ids], lambda seen: seen == [[2]] * 5)
    # A worker that stops hands all over, and none has to go alone for that.
    assert [(run.state, run.losses, run.alone) for run in look(store, ids)] == [("queued", 0, False)] * 5
    assert list((settings.data_dir / "scratch").iterdir()) == []


def test_of_five_one_kills_its_process_each_time_and_four_succeed(
    store: Database, settings: Settings, tmp_path: Path
) -> None:
    killing = ["epoch", f"wait-for {tmp_path / 'now'}", "die 9"]
    with working(store, settings):
        ids = submit_five(store, ["epoch", "checkpoint", "sleep 600"], TO_THE_END, seed_3=[killing])
        four = [run_id for number, run_id in enumerate(ids) if number != 3]
        wait_for(lambda: [kept_epochs(store, run_id) for run_id in four], lambda seen: seen == [[1]] * 4)
        (tmp_path / "now").touch()
        ended = until(store, ids, "succeeded", "succeeded", "succeeded", "failed", "succeeded")
    killer = ended.pop(3)
    assert [(run.attempt, run.epoch, run.losses, run.alone) for run in ended] == [(2, 2, 0, True)] * 4
    assert (killer.reason, killer.attempt, killer.losses) == ("worker_lost", 4, 3)


def test_a_member_that_is_cancelled_and_one_that_is_paused_leave_the_others_alone(
    store: Database, settings: Settings
) -> None:
    with working(store, settings):
        ids = submit_five(store, QUIET, TO_THE_END)
        begun(store, ids)
        writing(store, requests.request_run, ids[1], "cancel")
        writing(store, requests.request_run, ids[2], "pause")
        until(store, ids, "running", "cancelled", "paused", "running", "running")
        for run_id in ids[1:3]:
            assert kept_epochs(store, run_id) == [1]
        writing(store, requests.request_run, ids[2], "resume")
        os.kill(process_of(ids[0]), signal.SIGTERM)  # all others are handed over
        runs_now = until(store, ids, "succeeded", "cancelled", "succeeded", "succeeded", "succeeded")
    assert [(run.epoch, run.losses, run.alone) for run in runs_now if run.state == "succeeded"] == [(2, 0, False)] * 4


def test_the_process_is_ended_for_a_member_that_does_not_stop_and_the_others_go_on_alone(
    store: Database, settings: Settings
) -> None:
    with working(store, settings):
        ids = submit_five(store, ["epoch", "sleep 600"], TO_THE_END)
        begun(store, ids)
        writing(store, requests.request_run, ids[4], "cancel")
        ended = until(store, ids, *["succeeded"] * 4, "cancelled")
    assert [(run.attempt, run.losses) for run in ended[:4]] == [(2, 0)] * 4
    assert sum("does not" in line for line in logged(store, ids[0])) == 1


@pytest.mark.parametrize("outcome", ["failed diverged", "failed bad_data", "failed error"])
def test_a_member_that_fails_fails_alone(store: Database, settings: Settings, outcome: str) -> None:
    with working(store, settings):
        ids = submit_five(store, ["epoch", "sleep 0.3", "epoch", "end succeeded"], seed_0=[["epoch", f"end {outcome}"]])
        failed, *others = until(store, ids, "failed", *["succeeded"] * 4)
    assert (failed.reason, failed.attempt) == (outcome.split()[1], 1)
    assert [(run.attempt, run.epoch) for run in others] == [(1, 2)] * 4


def test_a_member_that_runs_out_of_memory_is_tried_alone(store: Database, settings: Settings) -> None:
    out_of_memory = ["epoch", "end failed out_of_memory"]
    with working(store, settings):
        ids = submit_five(store, TO_THE_END, seed_1=[out_of_memory, TO_THE_END], seed_2=[out_of_memory])
        ended = until(store, ids, "succeeded", "succeeded", "failed", "succeeded", "succeeded")
    assert [(run.attempt, run.losses) for run in ended] == [(1, 0), (2, 0), (2, 0), (1, 0), (1, 0)]
    assert (ended[2].reason, ended[2].alone) == ("out_of_memory", True)


def test_a_lost_lease_of_one_ends_the_process_and_none_is_counted_a_loss(store: Database, settings: Settings) -> None:
    with working(store, settings):
        ids = submit_five(store, ["epoch", "sleep 600"], TO_THE_END)
        begun(store, ids)
        lose_lease(store, ids[2])
        ended = until(store, ids, "succeeded")
    assert [(run.attempt, run.losses, run.epoch) for run in ended] == [(2, 0, 1)] * 5


def test_a_process_that_ends_with_an_error_ends_the_attempts_of_all(store: Database, settings: Settings) -> None:
    with working(store, settings):
        ids = submit_five(
            store, ["epoch", "sleep 600"], TO_THE_END, seed_4=[["print last words", "exit 3"], TO_THE_END]
        )
        ended = until(store, ids, "succeeded")
    assert [(run.attempt, run.losses) for run in ended] == [(2, 0)] * 5
    for run_id in ids:
        assert any("status 3" in line for line in logged(store, run_id))
        assert "last words" in logged(store, run_id)


def test_a_pack_is_no_larger_than_asked_for_and_its_slot_is_busy_until_its_last_run_ends(
    store: Database, settings: Settings
) -> None:
    with working(store, settings, pack=3):
        ids = submit_five(store, TO_THE_END, seed_2=[QUIET])
        until(store, ids, "succeeded", "succeeded", "running", "queued", "queued")
        begun(store, ids[2:3])
        writing(store, requests.request_run, ids[2], "cancel")
        ended = until(store, ids, "succeeded", "succeeded", "cancelled", "succeeded", "succeeded")
    assert [run.attempt for run in ended] == [1] * 5


def test_without_the_setting_each_run_has_its_own_process(store: Database, settings: Settings) -> None:
    with working(store, settings, pack=1):
        ids = submit_five(store, QUIET)
        until(store, ids, "running", *["queued"] * 4)
        assert not reading(store, runs.get, ids[0]).packed


def test_two_keys_take_turns_as_without_packing(store: Database, settings: Settings) -> None:
    first = submit(store, QUIET, number=3, owner="a")
    second = submit(store, TO_THE_END, number=1, owner="b")
    with working(store, settings):
        begun(store, first[:1])
        assert states(store, [*first, *second]) == ["running", "queued", "queued", "queued"]
        assert not reading(store, runs.get, first[0]).packed
        writing(store, requests.request_run, first[0], "cancel")
        until(store, [*first, *second], "cancelled", "running", "running", "succeeded")


def test_a_member_whose_folder_cannot_be_made_does_not_keep_the_others_waiting(
    store: Database, settings: Settings
) -> None:
    ids = submit_five(store, TO_THE_END)
    (settings.data_dir / "scratch").mkdir(parents=True)
    (settings.data_dir / "scratch" / f"{ids[1]}-1").write_text("a file where a folder should be")
    with working(store, settings):
        ended = until(store, ids, "succeeded", "failed", *["succeeded"] * 3)
    assert ended[1].reason == "storage_full"
    assert [run.attempt for run in ended] == [1] * 5


def test_a_program_that_cannot_be_started_fails_all(store: Database, settings: Settings, tmp_path: Path) -> None:
    with working(store, settings, trainers=Trainers([str(tmp_path / "absent")])):
        ids = submit_five(store, TO_THE_END)
        assert {run.reason for run in until(store, ids, "failed")} == {"storage_full"}


@pytest.mark.skipif(not warm.supported(), reason="trainers are forked on Linux")
def test_a_pack_is_forked_and_a_host_that_dies_costs_none_a_loss(store: Database, settings: Settings) -> None:
    patient = settings.model_copy(update={"lease_seconds": 60.0})  # no lease ends on a busy machine
    with hosted() as (host, trainers), working(store, patient, trainers=trainers):
        ids = submit_five(store, ["epoch", "sleep 600"], TO_THE_END)
        begun(store, ids)
        os.kill(host.pids[-1], signal.SIGKILL)
        ended = until(store, ids, "succeeded")
    assert [(run.attempt, run.losses, run.alone) for run in ended] == [(2, 0, False)] * 5
