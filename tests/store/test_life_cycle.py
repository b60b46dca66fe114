"""The run's life cycle on SQLite and PostgreSQL: every transition, fencing, leases, retries."""

import hashlib
import threading
from typing import Any

import pytest
from sqlalchemy.orm import Session

from store import checkpoints, events, jobs, metrics
from store.database.engine import Database
from store.database.records import Claim, Job, NewRun, Series
from store.errors import Conflict, LeaseLost, StoreError
from store.lifecycle import claims, requests, runs, sweeper
from store.lifecycle.states import State
from tests.store.databases import claimed, reading, writing

SPEC: dict[str, Any] = {
    "name": "a job",
    "tags": ["one", "two"],
    "priority": 5,
    "dataset": {"name": "digits"},
    "method": {"alias": "lpl"},
}
LEASE = 60.0


def submit(db: Database, number: int = 1, **changes: Any) -> Job:
    new = [NewRun(seed=seed, point={}, spec={**SPEC, **changes}, epochs=10) for seed in range(number)]
    return writing(db, jobs.submit, jobs.new_job(spec={**SPEC, **changes}, runs=new, method="lpl")).job


def claim(db: Database, worker: str = "w_1", lease: float = LEASE) -> Claim:
    taken = claimed(db, worker_id=worker, device="cpu", lease_seconds=lease)
    assert taken is not None
    return taken


def sweep(db: Database) -> Any:
    return sweeper.sweep(db, lease_seconds=LEASE, sweep_seconds=10)


def epoch(db: Database, held: Claim, number: int, error: float = 0.5) -> None:
    array = Series((2,), b"\x00\x00\x80?\x00\x00\x00@")
    writing(
        db,
        metrics.record_epoch,
        held,
        epoch=number,
        epochs=10,
        metrics={"test/top1_error": error},
        series={"test/accuracy": array},
    )


def checkpoint(db: Database, held: Claim, number: int, content: bytes = b"x" * 10, kind: str = "last") -> str:
    checkpoint_id = writing(db, checkpoints.begin, held, epoch=number, step=0, kind=kind)
    writing(db, checkpoints.append, held, checkpoint_id, number=0, data=content)
    digest = hashlib.sha256(content).hexdigest()
    return writing(db, checkpoints.publish, held, checkpoint_id, size_bytes=len(content), sha256=digest, keep_last=2).id


def test_a_job_runs_and_succeeds(db: Database) -> None:
    job = submit(db, 2)
    assert (job.state, job.runs_total, job.progress) == ("queued", 2, 0.0)
    first = claim(db)
    assert reading(db, jobs.get, job.id).state == "running"
    epoch(db, first, 1)
    assert reading(db, jobs.get, job.id).progress == pytest.approx(0.05)
    assert writing(db, claims.finish, first, outcome="succeeded").state == "succeeded"
    assert reading(db, jobs.get, job.id).state == "queued"
    second = claim(db)
    writing(db, claims.finish, second, outcome="succeeded")
    ended = reading(db, jobs.get, job.id)
    assert (ended.state, ended.progress) == ("succeeded", 1.0)
    assert ended.finished_at is not None
    assert claimed(db, worker_id="w", device="cpu", lease_seconds=1) is None


def test_higher_priority_goes_first_then_the_older(db: Database) -> None:
    low, high, later = submit(db, priority=1), submit(db, priority=9), submit(db, priority=9)
    assert [claim(db).job_id for _ in range(3)] == [high.id, later.id, low.id]


def test_of_many_workers_one_gets_the_run_and_nobody_waits_in_a_circle(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.database.engine.RETRIES", 1)  # a deadlock is an error
    submit(db, 25)
    taken: list[Claim | None] = []

    def work(name: str) -> None:
        for _ in range(6):
            taken.append(claimed(db, worker_id=name, device="cpu", lease_seconds=LEASE))

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [held.run_id for held in taken if held]
    assert len(won) == len(set(won)) == 25


def test_a_worker_that_lost_its_lease_writes_nothing(db: Database) -> None:
    submit(db)
    old = claim(db, "w_old", lease=-1)
    sweep(db)
    new = claim(db, "w_new")
    assert (new.run_id, new.attempt) == (old.run_id, 2)
    for write in (
        lambda: epoch(db, old, 1),
        lambda: writing(db, claims.heartbeat, old, lease_seconds=LEASE),
        lambda: writing(db, claims.finish, old, outcome="succeeded"),
        lambda: writing(db, claims.log, old, "info", "late"),
        lambda: checkpoint(db, old, 1),
        lambda: writing(db, metrics.record_start, old, {}),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert reading(db, metrics.metrics, new.run_id) == {}
    assert reading(db, checkpoints.list_for_run, new.run_id) == []
    assert writing(db, sweeper.report_loss, old, "late") is None
    assert reading(db, runs.get, new.run_id).state == "running"


def test_an_expired_lease_can_be_renewed_while_the_attempt_stands(db: Database) -> None:
    submit(db)
    held = claim(db, lease=-1)
    assert writing(db, claims.heartbeat, held, lease_seconds=LEASE) is None
    assert sweep(db).requeued == 0


def test_a_lost_run_goes_on_from_its_checkpoint_with_what_came_later_taken_back(db: Database) -> None:
    submit(db)
    held = claim(db)
    for number in (1, 2, 3):
        epoch(db, held, number, error=number / 10)
        if number == 2:
            checkpoint(db, held, 2)
    writing(db, claims.heartbeat, held, lease_seconds=-1)
    assert sweep(db).requeued == 1
    again = claim(db, "w_2")
    assert again.resume is not None
    assert again.resume.epoch == 2
    assert reading(db, metrics.metrics, again.run_id)["test/top1_error"] == {"epoch": [1, 2], "value": [0.1, 0.2]}
    assert list(reading(db, metrics.series, again.run_id, "test/accuracy")) == [1, 2]
    assert [e.data for e in reading(db, events.after, 0, run=again.run_id) if e.kind == "rewind"] == [
        {"run": again.run_id, "epoch": 2}
    ]


def test_three_losses_without_a_newer_checkpoint_fail_and_one_with_it_start_anew(db: Database) -> None:
    submit(db)
    for attempt in range(1, 6):
        held = claim(db, lease=-1)
        if attempt == 2:
            checkpoint(db, held, 1)
        sweep(db)
        state = reading(db, runs.get, held.run_id)
        assert state.state == ("failed" if attempt == 4 else "queued")
        if state.state == "failed":
            break
    assert (state.reason, attempt) == ("worker_lost", 4)


def test_many_first_sweeps_at_once_are_no_error(db: Database) -> None:
    everybody, refused = threading.Barrier(8), []

    def sweep_first() -> None:
        with db.read() as session:  # a connection waits in the pool
            session.connection()
        everybody.wait()
        try:
            sweeper.sweep(db, lease_seconds=30, sweep_seconds=10)
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=sweep_first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused


def test_after_a_gap_workers_get_a_full_lease(db: Database) -> None:
    submit(db)
    sweep(db)
    held = claim(db, lease=30)
    db.clock_offset = 10_000
    assert sweep(db).requeued == 0
    for _ in range(5):
        db.clock_offset += 10
        assert sweep(db).requeued == 0
    db.clock_offset += 11
    assert sweep(db).requeued == 1
    with pytest.raises(LeaseLost):
        epoch(db, held, 1)


def test_a_clock_that_was_ahead_for_a_moment_keeps_no_sweep_waiting(db: Database) -> None:
    submit(db)
    sweep(db)
    held = claim(db, lease=-1)
    db.clock_offset = 10_000
    sweep(db)
    db.clock_offset = 0
    assert sweep(db).requeued == 0
    for _ in range(6):
        db.clock_offset += 10
        sweep(db)
    assert reading(db, runs.get, held.run_id).state == "queued"


def test_a_run_that_cannot_be_taken_back_keeps_no_other_from_it(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(db, 2)
    sweep(db)
    first, second = claim(db, lease=-2), claim(db, lease=-1)
    whole = sweeper.take_back

    def fail_for_the_first(session: Session, run_id: str) -> State | None:
        if run_id == first.run_id:
            raise StoreError("it is held")
        return whole(session, run_id)

    monkeypatch.setattr(sweeper, "take_back", fail_for_the_first)
    assert sweep(db).requeued == 1
    assert reading(db, runs.get, second.run_id).state == "queued"
    monkeypatch.undo()
    assert sweep(db).requeued == 1


def test_an_outage_that_just_outlasts_a_lease_takes_nothing(db: Database) -> None:
    submit(db)
    sweep(db)
    held = claim(db)
    db.clock_offset += LEASE + 1
    assert sweep(db).requeued == 0
    assert writing(db, claims.heartbeat, held, lease_seconds=LEASE) is None


def test_a_worker_that_goes_silent_while_others_sweep_is_replaced_after_its_lease(db: Database) -> None:
    submit(db)
    sweep(db)
    claim(db)
    taken = []
    for _ in range(7):
        db.clock_offset += 10
        taken.append(sweep(db).requeued)
    assert (taken[:5], sum(taken)) == ([0] * 5, 1)


@pytest.mark.parametrize(
    ("asked", "outcome", "state"),
    [
        ("cancel", "cancelled", "cancelled"),
        ("cancel", "released", "cancelled"),
        ("cancel", "paused", "cancelled"),
        ("cancel", "succeeded", "succeeded"),
        ("pause", "paused", "paused"),
        ("pause", "released", "paused"),
        (None, "paused", "queued"),
        (None, "released", "queued"),
        (None, "failed", "failed"),
    ],
)
def test_a_request_reaches_the_worker_and_is_carried_out(
    db: Database, asked: str | None, outcome: str, state: str
) -> None:
    job = submit(db)
    held = claim(db)
    if asked:
        assert writing(db, requests.request_run, held.run_id, asked).requested == asked
        assert writing(db, requests.request_run, held.run_id, asked).requested == asked
        assert reading(db, jobs.get, job.id).requested == asked
    assert writing(db, claims.heartbeat, held, lease_seconds=LEASE) == asked
    ended = writing(db, claims.finish, held, outcome=outcome)
    assert (ended.state, ended.requested) == (state, None)
    assert reading(db, jobs.get, job.id).state == state


def test_a_pause_that_was_taken_back_is_forgotten_also_by_a_worker_that_has_heard_of_it(db: Database) -> None:
    job = submit(db)
    held = claim(db)
    writing(db, requests.request_run, held.run_id, "pause")
    assert writing(db, claims.heartbeat, held, lease_seconds=LEASE) == "pause"
    assert writing(db, requests.request_run, held.run_id, "resume").requested is None
    assert writing(db, claims.finish, held, outcome="paused").state == "queued"
    assert claim(db).attempt == 2
    assert reading(db, jobs.get, job.id).state == "running"


def test_a_job_is_retried_once_however_often_it_is_asked_for(db: Database) -> None:
    job = submit(db, 3)
    for outcome in ("failed", "cancelled", "succeeded"):
        writing(db, claims.finish, claim(db), outcome=outcome)
    assert writing(db, requests.request_job, job.id, "retry").state == "queued"
    assert writing(db, requests.request_job, job.id, "retry").runs_total == 5
    old = [run for run in reading(db, jobs.list_runs, job.id).items if run.state in ("failed", "cancelled")]
    fresh = {run.retry_of: run for run in reading(db, jobs.list_runs, job.id).items if run.retry_of}
    assert set(fresh) == {run.id for run in old}
    for run in old:
        assert (fresh[run.id].seed, fresh[run.id].point, fresh[run.id].epochs) == (run.seed, run.point, run.epochs)
    writing(db, claims.finish, claim(db), outcome="succeeded")
    writing(db, requests.request_job, job.id, "retry")
    writing(db, claims.finish, claim(db), outcome="succeeded")
    with pytest.raises(Conflict, match="nothing to retry"):
        writing(db, requests.request_job, job.id, "retry")
    assert reading(db, jobs.get, job.id).runs_total == 5


def test_waiting_runs_obey_at_once(db: Database) -> None:
    job = submit(db, 2)
    assert writing(db, requests.request_job, job.id, "pause").state == "paused"
    assert writing(db, requests.request_job, job.id, "pause").state == "paused"
    assert claimed(db, worker_id="w", device="cpu", lease_seconds=1) is None
    assert writing(db, requests.request_job, job.id, "resume").state == "queued"
    assert writing(db, requests.request_job, job.id, "cancel").state == "cancelled"
    assert writing(db, requests.request_job, job.id, "cancel").state == "cancelled"


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_what_has_ended_never_changes(db: Database, end: str) -> None:
    job = submit(db)
    held = claim(db)
    writing(db, claims.finish, held, outcome=end)
    for action in ("pause", "resume", "cancel"):
        if (end, action) == ("cancelled", "cancel"):
            continue
        with pytest.raises(Conflict):
            writing(db, requests.request_run, held.run_id, action)
        with pytest.raises(Conflict):
            writing(db, requests.request_job, job.id, action)
    with pytest.raises(LeaseLost):
        writing(db, claims.finish, held, outcome="succeeded")
    assert reading(db, runs.get, held.run_id).state == end


def test_a_retry_is_a_new_run_in_the_old_ones_place(db: Database) -> None:
    job = submit(db)
    held = claim(db)
    with pytest.raises(Conflict):
        writing(db, requests.request_run, held.run_id, "retry")
    writing(db, claims.finish, held, outcome="failed", reason="diverged")
    fresh = writing(db, requests.request_run, held.run_id, "retry")
    assert (fresh.retry_of, fresh.state, fresh.seed) == (held.run_id, "queued", 0)
    assert writing(db, requests.request_run, held.run_id, "retry").id == fresh.id
    assert reading(db, runs.get, held.run_id).state == "failed"
    assert (reading(db, jobs.get, job.id).state, reading(db, jobs.get, job.id).runs_total) == ("queued", 2)
    again = claim(db)
    epoch(db, again, 1, error=0.25)
    writing(db, claims.finish, again, outcome="succeeded")
    (point,) = reading(db, jobs.summary, job.id)
    assert point["metrics"]["test/top1_error"] == {"mean": 0.25, "std": None, "n": 1, "values": [0.25], "seeds": [0]}
    assert point["missing_seeds"] == []


def test_the_summary_gives_mean_and_deviation_and_names_missing_seeds(db: Database) -> None:
    new = [NewRun(seed=seed, point={"x": x}, spec=SPEC, epochs=1) for x in (1, 2) for seed in (0, 1, 2)]
    job = writing(db, jobs.submit, jobs.new_job(spec=SPEC, runs=new, method="lpl")).job
    for index in range(6):
        held = claim(db)
        epoch(db, held, 1, error=index / 10)
        writing(db, claims.finish, held, outcome="failed" if index == 5 else "succeeded")
    one, two = reading(db, jobs.summary, job.id)
    assert one["metrics"]["test/top1_error"]["mean"] == pytest.approx(0.1)
    assert one["metrics"]["test/top1_error"]["std"] == pytest.approx(0.1)
    assert (two["point"], two["missing_seeds"], two["metrics"]["test/top1_error"]["n"]) == ({"x": 2}, [2], 2)
    assert reading(db, jobs.get, job.id).state == "failed"


def test_event_ids_rise_and_tell_the_story(db: Database) -> None:
    job = submit(db)
    held = claim(db)
    epoch(db, held, 1)
    writing(db, claims.finish, held, outcome="succeeded")
    told = reading(db, events.after, 0, job=job.id)
    assert [e.id for e in told] == sorted({e.id for e in told})
    kinds = [e.kind for e in told]
    assert kinds[0] == "state"
    assert kinds[-1] == "end"
    assert "epoch" in kinds
    states = [e.data["state"] for e in told if e.kind == "state" and "run" in e.data]
    assert states == [State.RUNNING, State.SUCCEEDED]
