"""Warm trainers: a host that is killed, frozen, stale or has a second thread costs no run anything."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store import checkpoints
from store.database.engine import Database
from store.database.records import Run
from store.settings import Settings
from tests.service.processes import gone, title
from tests.store.databases import reading
from tests.worker.conftest import SCRIPT, Supervised, child_of, logged, submit, wait_for
from worker import trainers as starting
from worker import warm
from worker.trainers import Trainers
from worker.warm import Host

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not warm.supported(), reason="trainers are forked on Linux")]
SCRIPTED = (sys.executable, "-m", "tests.worker.scripted_host")


@contextmanager
def hosted(*fault: str) -> Iterator[tuple[Host, Trainers]]:
    """A scripted host with something wrong with it, and trainers that are forked from it."""
    host = Host((*SCRIPTED, *(fault or ("nothing",))))
    try:
        yield host, Trainers(SCRIPT, host=host)
    finally:
        host.stop()


def hosts_said(caplog: pytest.LogCaptureFixture) -> str:
    """What the worker's log has about hosts."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("worker"))


def was_forked(pid: int, host: Host) -> bool:
    """Whether a process is a child of a host."""
    status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(status[1]) in host.pids


def train_one(store: Database, settings: Settings, trainers: Trainers, *script: str) -> Run:
    """What becomes of a run."""
    submit(store, [*script, "epoch", "end succeeded"])
    return Supervised(store, settings, trainers).end()


def test_a_trainer_is_forked_and_what_it_says_is_stored(store: Database, settings: Settings) -> None:
    with hosted() as (host, trainers):
        (run_id,) = submit(store, ["say hello", "print world", "epoch", "checkpoint", "until-stopped", "end stopped"])
        supervised = Supervised(store, settings, trainers)
        supervised.until(lambda run: run.epoch == 1)
        (pid,) = children(host.pids[-1])
        assert was_forked(pid, host)
        assert title(pid).endswith(f"lpl train {run_id}")
        assert os.getsid(pid) == os.getpgid(pid) == pid
        supervised.stopping.set()
        run = supervised.end()
        assert (run.state, run.epoch, run.losses) == ("queued", 1, 0)
        (kept,) = reading(store, checkpoints.list_for_run, run_id)
        assert b"".join(checkpoints.stream(store, kept.id)) == b"1"
        assert {"hello", "world"} <= set(logged(store, run_id))
        assert children(host.pids[-1]) == []


def test_an_idle_host_loads_more_once_and_forks_as_before(store: Database, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "idle"
    with hosted("idle", str(file)) as (host, trainers):
        assert train_one(store, settings, trainers).state == "succeeded"
        wait_for(file.exists, bool)
        (run_id,) = submit(store, ["epoch", "until-stopped", "end stopped"])
        supervised = Supervised(store, settings, trainers)
        supervised.until(lambda run: run.epoch == 1)
        (pid,) = children(host.pids[-1])
        assert title(pid).endswith(f"lpl train {run_id}")
        supervised.stopping.set()
        supervised.end()
        assert file.read_text() == "idle\n"


def children(pid: int) -> list[int]:
    """The processes that a process has forked and not reaped."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("death", ["die 9", "die 11", "exit 3"])
def test_a_fork_that_dies_later_is_a_loss_like_any_other(store: Database, settings: Settings, death: str) -> None:
    with hosted() as (_, trainers):
        (run_id,) = submit(store, ["child", "epoch", death])
        run = Supervised(store, settings, trainers).end()
        assert (run.state, run.losses) == ("queued", 1)
        assert "the trainer" in (run.message or "")
        child = child_of(store, run_id)
        gone([child], timeout=15)


@pytest.mark.parametrize("fault", ["dies", "threads", "exits", "ill-timed"])
def test_where_no_fork_comes_to_life_the_run_starts_by_itself(
    store: Database, settings: Settings, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    with hosted(fault) as (_, trainers):
        run = train_one(store, settings, trainers)
        assert (run.state, run.attempt, run.losses) == ("succeeded", 1, 0)
        assert "starts by itself" in hosts_said(caplog)
        assert ("2 threads" in hosts_said(caplog)) == (fault == "threads")


def test_a_fork_that_hangs_before_its_first_event_is_given_up(
    store: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(starting, "FIRST_EVENT_SECONDS", 0.5)
    with hosted("hangs") as (host, trainers):
        run = train_one(store, settings, trainers)
        assert (run.state, run.attempt, run.losses) == ("succeeded", 1, 0)
        assert "no sign of life" in hosts_said(caplog)
        assert children(host.pids[-1]) == []


def test_a_host_older_than_its_code_is_replaced_and_keeps_its_trainers(
    store: Database, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = tmp_path / "code.py"
    code.write_text("")
    with hosted("older", str(code)) as (host, trainers):
        submit(store, ["epoch", "until-stopped", "end succeeded"])
        first = Supervised(store, settings, trainers)
        first.until(lambda run: run.epoch == 1)
        (old,) = host.pids
        code.write_text("changed = True")
        assert train_one(store, settings, trainers).state == "succeeded"
        assert old in host.pids
        assert host.pids[-1] != old
        assert "code has changed" in hosts_said(caplog)
        assert "starts by itself" not in hosts_said(caplog)
        (pid,) = children(old)
        os.kill(pid, signal.SIGTERM)
        assert first.end().state == "succeeded"
        gone([old], timeout=15)
        assert len(host.pids) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_host_that_is_killed_or_frozen_between_runs_is_replaced(
    store: Database, settings: Settings, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "ANSWER_SECONDS", 0.5)
    with hosted() as (host, trainers):
        assert train_one(store, settings, trainers).state == "succeeded"
        (before,) = host.pids
        os.kill(before, number)
        run = train_one(store, settings, trainers)
        assert (run.state, run.attempt, run.losses) == ("succeeded", 1, 0)
        assert host.pids != [before]
        gone([before], timeout=15)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_host_that_ends_while_runs_train_costs_no_run_a_loss(
    store: Database, settings: Settings, frozen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "EXIT_SECONDS", 0.5)
    with hosted() as (host, trainers):
        again = ["child", "epoch", "checkpoint", "until-stopped", "checkpoint", "end stopped"]
        (run_id,) = submit(store, again, ["epoch", "end succeeded"])
        supervised = Supervised(store, settings, trainers)
        supervised.until(lambda run: run.epoch == 1)
        wait_for(lambda: reading(store, checkpoints.list_for_run, run_id), bool)
        (pid,) = children(host.pids[-1])
        child = child_of(store, run_id)
        if frozen:
            os.kill(host.pids[-1], signal.SIGSTOP)
            os.kill(pid, signal.SIGKILL)
        else:
            os.kill(host.pids[-1], signal.SIGKILL)
        run = supervised.end()
        assert (run.state, run.attempt, run.losses) == ("queued", 1, 0)
        assert any("forked from has ended" in line for line in logged(store, run_id))
        gone([pid, child], timeout=15)
        run = Supervised(store, settings, trainers).end()
        assert (run.state, run.attempt, run.epoch) == ("succeeded", 2, 2)


def test_hosts_that_are_of_no_use_are_not_tried_for_ever(
    store: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with hosted("exits") as (host, trainers):
        for _ in range(3):
            assert train_one(store, settings, trainers).state == "succeeded"
        assert host.pids == []
        assert "for a while" in hosts_said(caplog)


def test_several_slots_fork_from_one_host(store: Database, settings: Settings) -> None:
    with hosted() as (host, trainers):
        submit(store, ["epoch", "sleep 0.2", "end succeeded"], number=4)
        at_once = [Supervised(store, settings, trainers) for _ in range(4)]
        assert [supervised.end().state for supervised in at_once] == ["succeeded"] * 4
        assert len(host.pids) == 1


def test_a_host_and_its_trainers_end_with_their_worker(tmp_path: Path) -> None:
    program = tmp_path / "worker.py"
    program.write_text(WORKER.format(host=(*SCRIPTED, "nothing")))
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    family = [int(pid) for pid in process.stdout.readline().split()]
    assert all(title(pid) for pid in family)
    process.kill()
    process.wait()
    process.stdout.close()
    gone(family, timeout=15)


WORKER = """
import sys
from worker.trainers import Trainers
from worker.warm import Host

host = Host({host!r})
payload = {{"spec": {{"script": [["say here", "deaf", "sleep 600"]]}}, "checkpoint_dir": "r_1-1", "resume_from": None}}
trainer = Trainers(host=host).start("r_1", payload, environment={{}})
print(trainer.pid, *host.pids, flush=True)

while True:
    trainer.next_event()
"""


def test_five_hundred_forks_leave_nothing_behind() -> None:
    with hosted() as (host, trainers):
        counted: list[tuple[int, int, int]] = []
        for number in range(500):
            fork_once(trainers)
            if number in (49, 499):
                (pid,) = host.pids
                counted.append((resident_kilobytes(pid), files_of(pid), files_of(os.getpid())))
        (before, files, own), (after, files_after, own_after) = counted
        assert after - before < 2_000
        assert (files, own) == (files_after, own_after)
        assert threading.active_count() < 20


def fork_once(trainers: Trainers) -> None:
    payload = {"spec": {"script": [["end succeeded"]]}, "checkpoint_dir": "r_1-1", "resume_from": None}
    trainer = trainers.start("r_1", payload, environment={})
    assert [event["type"] for event in iter(trainer.next_event, None)] == ["run_start", "run_end"]
    assert trainer.wait() == 0


def resident_kilobytes(pid: int) -> int:
    """Memory of a process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def files_of(pid: int) -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_no_secret_reaches_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPL_DATABASE_URL", "postgresql://me:hush@host/db")
    monkeypatch.setenv("PGPASSWORD", "hush")
    with hosted() as (host, trainers):
        fork_once(trainers)
        assert b"hush" not in Path(f"/proc/{host.pids[-1]}/environ").read_bytes()
