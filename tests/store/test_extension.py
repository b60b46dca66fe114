"""More seeds for a job: which runs there are then, what they carry, how the job stands, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from store import deletion, events, jobs
from store.database.engine import Database
from store.database.records import Job, NewRun, Run
from store.database.tables import RunRow
from store.errors import Conflict, NotFound, QuotaExceeded
from store.lifecycle import claims, extension, requests
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import LEASE, SPEC, claim, epoch

WHOLE: dict[str, Any] = {**SPEC, "priority": 7, "seeds": [0, 1], "accumulation_steps": 1}


def submitted(db: Database, points: int = 2) -> str:
    """A job of that many sweep points with the seeds 0 and 1, of the key `k_1`."""
    new = [
        NewRun(
            seed=seed,
            point={"optimizer.lr": lr},
            spec={**WHOLE, "optimizer": {"lr": lr}, "seeds": [seed], "on_out_of_memory": "halve_batch"}
            | {"batch_size": 8},
            epochs=10,
            one_core=True,
        )
        for lr in range(points)
        for seed in (0, 1)
    ]
    return writing(db, jobs.submit, jobs.new_job(spec=WHOLE, runs=new, method="lpl", owner="k_1")).job.id


def extended(db: Database, job_id: str, *seeds: int, **limits: int) -> Job:
    return writing(db, extension.extend, job_id, list(seeds), **limits)


def runs_of(db: Database, job_id: str) -> list[Run]:
    return list(reading(db, jobs.list_runs, job_id, limit=100).items)


def train(db: Database, *, times: int, outcome: str = "succeeded") -> None:
    for _ in range(times):
        held = claim(db)
        epoch(db, held, 10, error=0.5)
        writing(db, claims.finish, held, outcome=outcome, reason="error" if outcome == "failed" else None)


def kinds(db: Database, job_id: str) -> list[tuple[str, str | None]]:
    """(kind and state, run) of every event of a job, oldest first."""
    return [
        (f"{event.kind} {event.data.get('state')}", event.run_id)
        for event in reading(db, events.after, 0, job=job_id)
        if event.kind in ("state", "end")
    ]


def test_every_point_gets_a_run_for_each_new_seed(db: Database) -> None:
    job_id = submitted(db)
    before = runs_of(db, job_id)
    job = extended(db, job_id, 5, 1, 3)
    fresh = runs_of(db, job_id)[len(before) :]
    assert [(run.position, run.point["optimizer.lr"], run.seed) for run in fresh] == [
        (4, 0, 5), (5, 0, 3), (6, 1, 5), (7, 1, 3),
    ]  # fmt: skip
    assert (job.runs_total, job.run_states, job.state, job.progress) == (8, {"queued": 8}, "queued", 0.0)
    assert job.spec == {**WHOLE, "seeds": [0, 1, 5, 3]}
    for run in fresh:
        model = before[0] if run.point == before[0].point else before[2]
        assert run.spec == {**model.spec, "seeds": [run.seed]}
        for name in ("priority", "owner", "wants", "one_core", "dataset", "data_sha256", "epochs", "retry_of"):
            assert getattr(run, name) == getattr(model, name)
        assert (run.state, run.attempt, run.version, run.replaced) == ("queued", 0, 1, False)
    assert [(row["point"], row["missing_seeds"]) for row in reading(db, jobs.summary, job_id)] == [
        ({"optimizer.lr": 0}, [0, 1, 5, 3]),
        ({"optimizer.lr": 1}, [0, 1, 5, 3]),
    ]
    assert kinds(db, job_id)[-4:] == [("state queued", run.id) for run in fresh]


def test_again_it_changes_nothing_in_whatever_state(db: Database) -> None:
    job_id = submitted(db)
    first = extended(db, job_id, 2)
    writing(db, requests.request_job, job_id, "pause")
    paused = reading(db, jobs.get, job_id)
    again = extended(db, job_id, 2, 0, max_runs=1, max_queued=1)
    assert (again.version, again.runs_total, again.state) == (paused.version, first.runs_total, "paused")
    assert len(runs_of(db, job_id)) == 6


def test_a_job_that_has_ended_goes_on_and_ends_again(db: Database) -> None:
    job_id = submitted(db, points=1)
    train(db, times=2)
    ended = reading(db, jobs.get, job_id)
    assert (ended.state, ended.results["test/top1_error"]["n"]) == ("succeeded", 2)
    job = extended(db, job_id, 2, 3)
    assert (job.state, job.finished_at, job.started_at) == ("queued", None, ended.started_at)
    assert (job.progress, job.run_states) == (0.5, {"succeeded": 2, "queued": 2})
    assert job.version > ended.version
    train(db, times=2)
    done = reading(db, jobs.get, job_id)
    assert (done.state, done.progress, done.results["test/top1_error"]["n"]) == ("succeeded", 1.0, 4)
    assert done.finished_at is not None
    whole = [kind for kind, run in kinds(db, job_id) if run is None]
    assert whole.count("end succeeded") == 2
    assert "state queued" in whole[whole.index("end succeeded") :]


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_seed_that_has_failed_is_there_and_left_as_it_is(db: Database, outcome: str) -> None:
    job_id = submitted(db, points=1)
    train(db, times=2, outcome=outcome)
    assert extended(db, job_id, 1).state == outcome
    assert extended(db, job_id, 1, 2).run_states == {outcome: 2, "queued": 1}
    train(db, times=1)
    assert reading(db, jobs.get, job_id).state == outcome


def test_retries_take_places_and_count_as_one(db: Database) -> None:
    job_id = submitted(db, points=1)
    train(db, times=2, outcome="failed")
    writing(db, requests.request_job, job_id, "retry")
    job = extended(db, job_id, 1, 2, max_runs=3)
    assert (job.runs_total, job.run_states) == (5, {"queued": 3})
    assert [(run.position, run.seed) for run in runs_of(db, job_id)] == [(0, 0), (1, 1), (0, 0), (1, 1), (2, 2)]


def test_a_new_seed_begins_with_whole_batches_where_memory_ran_out(db: Database) -> None:
    job_id = submitted(db, points=1)
    writing(db, claims.halve_batch, claim(db), "out of memory")
    assert [run.spec["accumulation_steps"] for run in runs_of(db, job_id)] == [2, 1]
    extended(db, job_id, 2)
    assert runs_of(db, job_id)[-1].spec["accumulation_steps"] == 1


def test_limits_hold_and_leave_nothing_behind(db: Database) -> None:
    job_id = submitted(db)
    with pytest.raises(Conflict, match="would have 8 runs, at most 7 are allowed in one job; add fewer seeds"):
        extended(db, job_id, 2, 3, max_runs=7)
    with pytest.raises(QuotaExceeded, match="would have 8 runs waiting or paused and may have 7"):
        extended(db, job_id, 2, 3, max_queued=7)
    assert (len(runs_of(db, job_id)), reading(db, jobs.get, job_id).spec["seeds"]) == (4, [0, 1])
    assert extended(db, job_id, 2, 3, max_runs=8, max_queued=8).runs_total == 8


def test_a_job_that_is_held_is_not_extended(db: Database) -> None:
    job_id = submitted(db, points=1)
    held = claim(db)
    writing(db, requests.request_job, job_id, "pause")
    with pytest.raises(Conflict, match="is running and about to pause: resume it first"):
        extended(db, job_id, 2)
    writing(db, claims.finish, held, outcome="paused")
    with pytest.raises(Conflict, match="is paused: resume it first"):
        extended(db, job_id, 2)
    writing(db, requests.request_job, job_id, "resume")
    held = claim(db)
    writing(db, requests.request_job, job_id, "cancel")
    with pytest.raises(Conflict, match="is running and about to cancel: extend it when it has ended"):
        extended(db, job_id, 2)
    writing(db, claims.finish, held, outcome="cancelled")
    assert extended(db, job_id, 2).state == "queued"


def test_one_run_that_stops_does_not_hold_the_job(db: Database) -> None:
    job_id = submitted(db, points=1)
    held = claim(db)
    writing(db, requests.request_run, held.run_id, "cancel")
    job = extended(db, job_id, 2)
    assert (job.state, job.run_states) == ("running", {"running": 1, "queued": 2})


def test_a_job_that_is_deleted_is_not_there(db: Database) -> None:
    job_id = submitted(db, points=1)
    writing(db, requests.request_job, job_id, "cancel")
    writing(db, deletion.hide, job_id)
    for missing in (job_id, "j_none"):
        with pytest.raises(NotFound, match=f"there is no job {missing}"):
            extended(db, missing, 2)


def test_changed_data_are_refused(db: Database) -> None:
    job_id = submitted(db, points=1)
    with db.engine.begin() as connection:
        connection.execute(update(RunRow).values(data_sha256="f" * 64))
    with pytest.raises(Conflict, match="it cannot run again: data set 'digits' is no longer registered"):
        extended(db, job_id, 2)


def test_of_many_at_once_one_adds_each_seed(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.database.engine.RETRIES", 1)  # a deadlock is an error
    job_id = submitted(db)

    def ask(number: int) -> None:
        if number % 3 == 0 and (held := claimed(db, worker_id=f"w_{number}", device="cpu", lease_seconds=LEASE)):
            writing(db, claims.finish, held, outcome="failed", reason="error")
            writing(db, requests.request_run, held.run_id, "retry", max_queued=100)
        extended(db, job_id, 2, 3 + number % 2, max_runs=100, max_queued=100)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(16)))
    current = [(run.point["optimizer.lr"], run.seed) for run in runs_of(db, job_id) if not run.replaced]
    assert sorted(current) == [(lr, seed) for lr in (0, 1) for seed in range(5)]
    assert sorted(reading(db, jobs.get, job_id).spec["seeds"]) == [0, 1, 2, 3, 4]
