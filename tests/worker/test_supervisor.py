"""The supervisor with a real child process and a real store; only torch is left out."""

import struct
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from store import checkpoints, metrics
from store.database.engine import Database
from store.lifecycle import requests, runs, sweeper
from store.settings import Settings
from tests.store.databases import reading, writing
from tests.worker.conftest import Supervised, child_of, logged, submit, wait_for

pytestmark = pytest.mark.slow


def alive(pid: int) -> bool:
    """Whether a process runs (one that waits to be reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_a_trainer_reports_is_stored(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["say hello", "print world", "epoch", "epoch", "checkpoint", "end succeeded"])
    run = Supervised(store, settings).end()
    assert (run.state, run.reason, run.epoch, run.progress) == ("succeeded", None, 2, 1.0)
    assert run.info["class_counts"] == [9, 1]
    curves = reading(store, metrics.metrics, run_id)
    assert curves["test/top1_error"] == {"epoch": [1, 2], "value": [1.0, 0.5]}
    assert curves["train/loss"]["value"] == [None, None]
    array = reading(store, metrics.series, run_id, "test/accuracy")[2]
    assert (array.shape, struct.unpack("<2f", array.data)) == ((2,), (0.25, 2.0))
    (kept,) = reading(store, checkpoints.list_for_run, run_id)
    assert b"".join(checkpoints.stream(store, kept.id)) == b"2"
    assert {"hello", "world"} <= set(logged(store, run_id))


def test_scratch_files_are_gone_afterwards(store: Database, settings: Settings) -> None:
    submit(store, ["epoch", "checkpoint", "end succeeded"])
    Supervised(store, settings).end()
    assert list((settings.data_dir / "scratch").iterdir()) == []


def test_a_failure_keeps_its_reason_and_message(store: Database, settings: Settings) -> None:
    submit(store, ["epoch", "end failed diverged"])
    run = Supervised(store, settings).end()
    assert (run.state, run.reason, run.message, run.epoch) == ("failed", "diverged", "it failed", 1)


def test_out_of_memory_is_not_repeated_unless_the_spec_asks_for_smaller_parts(
    store: Database, settings: Settings
) -> None:
    submit(store, ["epoch", "checkpoint", "end failed out_of_memory"], batch_size=4)
    run = Supervised(store, settings).end()
    assert (run.state, run.reason, run.attempt) == ("failed", "out_of_memory", 1)
    options: dict[str, Any] = {"batch_size": 4, "on_out_of_memory": "halve_batch", "accumulation_steps": 1}
    (run_id,) = submit(
        store, ["epoch", "checkpoint", "end failed out_of_memory"], ["say again", "end failed out_of_memory"], **options
    )
    run = Supervised(store, settings).end()
    assert (run.state, run.reason, run.epoch) == ("queued", None, 1)
    assert "goes on with accumulation_steps 2" in (run.message or "")
    claim = Supervised(store, settings)
    assert claim.claim.spec["accumulation_steps"] == 2
    assert claim.claim.resume is not None
    assert claim.end().state == "queued"
    last = Supervised(store, settings)
    assert last.claim.spec["accumulation_steps"] == 4
    # Parts of a batch of 4 are single examples now: there is nothing left to halve.
    ended = last.end()
    assert (ended.state, ended.reason, ended.attempt) == ("failed", "out_of_memory", 3)
    assert reading(store, runs.get, run_id).state == "failed"


def test_a_pause_is_kept_where_memory_runs_out_at_the_same_time(store: Database, settings: Settings) -> None:
    options: dict[str, Any] = {"batch_size": 4, "on_out_of_memory": "halve_batch"}
    (run_id,) = submit(store, ["epoch", "until-stopped", "end failed out_of_memory"], **options)
    supervised = Supervised(store, settings)
    supervised.until(lambda run: run.epoch == 1)
    writing(store, requests.request_run, run_id, "pause")
    assert supervised.end().state == "paused"


@pytest.mark.parametrize(("action", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_a_request_stops_the_trainer_with_a_checkpoint(
    store: Database, settings: Settings, action: str, state: str
) -> None:
    (run_id,) = submit(store, ["epoch", "until-stopped", "checkpoint", "end stopped"])
    supervised = Supervised(store, settings)
    supervised.until(lambda run: run.epoch == 1)
    writing(store, requests.request_run, run_id, action)
    assert supervised.end().state == state
    assert [kept.epoch for kept in reading(store, checkpoints.list_for_run, run_id)] == [1]


def test_a_paused_run_goes_on_from_its_checkpoint(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["epoch", "until-stopped", "checkpoint", "end stopped"], ["epoch", "end succeeded"])
    supervised = Supervised(store, settings)
    supervised.until(lambda run: run.epoch == 1)
    writing(store, requests.request_run, run_id, "pause")
    assert supervised.end().state == "paused"
    writing(store, requests.request_run, run_id, "resume")
    run = Supervised(store, settings).end()
    assert (run.state, run.attempt, run.epoch) == ("succeeded", 2, 2)
    assert reading(store, metrics.metrics, run_id)["test/top1_error"]["epoch"] == [1, 2]


def test_a_trainer_that_does_not_stop_is_killed_after_the_grace(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["deaf", "epoch", "sleep 600"])
    supervised = Supervised(store, settings)
    supervised.until(lambda run: run.epoch == 1)
    writing(store, requests.request_run, run_id, "cancel")
    assert supervised.end().state == "cancelled"


def test_a_stopping_worker_hands_its_run_over_without_counting_a_loss(store: Database, settings: Settings) -> None:
    again = ["epoch", "until-stopped", "checkpoint", "end stopped"]
    submit(store, again, again, again, ["epoch", "end succeeded"])
    for number in range(1, 4):  # as often as would be too many losses
        supervised = Supervised(store, settings)
        supervised.until(lambda run, epoch=number: run.epoch == epoch)  # type: ignore[misc]
        supervised.stopping.set()
        assert supervised.end().state == "queued"
    run = Supervised(store, settings).end()
    assert (run.state, run.attempt, run.epoch) == ("succeeded", 4, 4)


@pytest.mark.parametrize("death", ["die 9", "die 11", "exit 3"])
def test_a_trainer_that_dies_is_tried_again_but_not_for_ever(store: Database, settings: Settings, death: str) -> None:
    submit(store, ["epoch", death])
    states = [Supervised(store, settings).end() for _ in range(3)]
    assert [run.state for run in states] == ["queued", "queued", "failed"]
    assert states[-1].reason == "worker_lost"
    assert "trainer" in (states[-1].message or "")


def test_a_dead_trainers_run_goes_on_from_its_checkpoint(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["epoch", "checkpoint", "epoch", "die 9"], ["epoch", "epoch", "end succeeded"])
    Supervised(store, settings).end()
    run = Supervised(store, settings).end()
    assert (run.state, run.attempt, run.epoch) == ("succeeded", 2, 3)
    assert reading(store, metrics.metrics, run_id)["test/top1_error"]["epoch"] == [1, 2, 3]


def test_nothing_that_a_dead_trainer_started_lives_on(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["child", "die 9"])
    Supervised(store, settings).end()
    child = child_of(store, run_id)
    wait_for(lambda: alive(child), lambda living: not living)


def test_a_lost_lease_kills_the_trainer_and_writes_nothing(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["child", "epoch", "deaf", "sleep 600"], ["epoch", "sleep 1", "end succeeded"])
    first = Supervised(store, settings)
    first.until(lambda run: run.epoch == 1)
    child = child_of(store, run_id)
    lose_lease(store, run_id)
    second = Supervised(store, settings)
    first.end(timeout=5)
    wait_for(lambda: alive(child), lambda living: not living)
    run = second.end()
    assert (run.state, run.attempt, run.epoch) == ("succeeded", 2, 1)


def lose_lease(store: Database, run_id: str) -> None:
    """What another process's sweep does to a worker that was frozen for longer than its lease."""
    from_the_future = Database(store.url.render_as_string(hide_password=False), clock_offset=1000.0)
    writing(from_the_future, sweeper.take_back, run_id)
    from_the_future.dispose()
    assert reading(store, runs.get, run_id).state == "queued"


def test_a_damaged_checkpoint_gives_way_to_the_one_before(store: Database, settings: Settings) -> None:
    (run_id,) = submit(
        store, ["epoch", "checkpoint", "epoch", "checkpoint", "die 9"], ["epoch", "epoch", "end succeeded"]
    )
    Supervised(store, settings).end()
    newest = reading(store, checkpoints.list_for_run, run_id)[-1]
    damage(store, newest.id)
    run = Supervised(store, settings).end()
    assert (run.state, run.epoch) == ("succeeded", 3)
    assert any("sha256" in line for line in logged(store, run_id))


def test_an_unwritable_scratch_folder_fails_the_run_with_a_remedy(store: Database, settings: Settings) -> None:
    submit(store, ["end succeeded"])
    settings.data_dir.mkdir(parents=True)
    (settings.data_dir / "scratch").write_text("a file where a folder should be")
    run = Supervised(store, settings).end()
    assert (run.state, run.reason) == ("failed", "storage_full")
    assert "LPL_DATA_DIR" in (run.message or "")


def test_nonsense_from_a_trainer_harms_nobody(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, ["nonsense", "epoch", "end succeeded"])
    run = Supervised(store, settings).end()
    assert (run.state, run.epoch) == ("succeeded", 1)
    assert any("no event" in line for line in logged(store, run_id))


def test_of_much_output_the_beginning_and_the_end_are_kept(store: Database, settings: Settings) -> None:
    spam = "\n".join(f"spam {number}" for number in range(60_000))
    (run_id,) = submit(store, [f"print first words\n{spam}\nlast words", "die 6"], number=1)
    assert Supervised(store, settings).end().state == "queued"
    lines = "\n".join(logged(store, run_id)).split("\n")
    assert lines[0] == "first words"
    assert "last words" in lines[-2:]
    assert "SIGABRT" in lines[-1]
    (left_out,) = [line for line in lines if "left out" in line]
    missing = int(left_out.split(" lines")[0].replace(",", ""))
    assert sum(line.startswith("spam ") for line in lines) + missing == 60_000
    assert 150_000 < sum(map(len, lines)) < 250_000


def test_a_trainer_sees_no_secret(store: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPL_DATABASE_URL", "postgresql://me:hush@host/db")
    monkeypatch.setenv("LPL_BROKER_URL", "redis://:hush@host/0")
    for name in ("LPL_DATABASE_PASSWORD", "LPL_BROKER_PASSWORD", "LPL_ADMIN_KEY", "PGPASSWORD"):
        monkeypatch.setenv(name, "hush")
    (run_id,) = submit(store, ["environment", "end succeeded"])
    Supervised(store, settings).end()
    lines = "\n".join(logged(store, run_id))
    assert "LPL_EVENT_FD" in lines
    assert "hush" not in lines


def damage(store: Database, checkpoint_id: str) -> None:
    """Change a checkpoint's content behind everybody's back."""
    with store.engine.begin() as connection:
        change = text("UPDATE checkpoint_chunks SET data = :data WHERE checkpoint_id = :id")
        connection.execute(change, {"data": b"junk", "id": checkpoint_id})
