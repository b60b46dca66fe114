"""Searches in the store: what their trials have reached, and what follows from what was decided."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update

from store import comparison, deletion, events, job_report, jobs, searches
from store.database.engine import Database
from store.database.records import Claim, Job, NewRun, Run
from store.database.tables import RunRow
from store.errors import Conflict, NotFound, QuotaExceeded
from store.lifecycle import claims, requests, runs
from store.lifecycle.job_state import expected_runs, state_of_search
from store.lifecycle.states import State
from store.searches import Step, TrialRow
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import LEASE, SPEC, checkpoint, claim, epoch, sweep

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


def carried_out(db: Database, job_id: str, **step: Any) -> bool:
    return writing(db, searches.apply, job_id, Step(**step), version=job_of(db, job_id).version)


def train(db: Database, *errors: float, outcome: str | None = None) -> list[Claim]:
    """Train a run for each error, in the order of the queue, up to where it waits or to its end."""
    return [train_next(db, error, outcome=outcome) for error in errors]


def train_next(db: Database, error: float, *, outcome: str | None = None) -> Claim:
    """Train the run whose turn it is; its error is the same after every epoch."""
    held = claim(db)
    last = held.stop_epoch or 10
    for number in range(run_of(db, held).epoch + 1, last + 1):
        epoch(db, held, number, error=error)
    checkpoint(db, held, last)
    writing(db, claims.finish, held, outcome=outcome or ("at_rung" if held.stop_epoch else "succeeded"))
    return held


def run_of(db: Database, held: Claim) -> Run:
    return reading(db, runs.get, held.run_id)


def states(db: Database, job_id: str) -> list[tuple[int | None, str]]:
    return [(row.trial, row.state) for row in trials_of(db, job_id)]


def test_trials_wait_at_their_rung_while_the_job_goes_on_with_its_search(db: Database) -> None:
    job_id = submit(db)
    assert reading(db, searches.open_searches) == {job_id: job_of(db, job_id).version}
    assert job_of(db, job_id).state == "queued"
    for held in train(db, 0.1, 0.2, 0.3):
        run = run_of(db, held)
        assert (run.state, run.reason, run.requested, run.worker, run.finished_at) == ("paused", "at_rung", *[None] * 3)
    job = job_of(db, job_id)
    assert (job.state, job.run_states, job.finished_at) == ("running", {"paused": 3}, None)
    assert job.progress == pytest.approx(3 * 0.2 / 5)  # four trials and another seed of the best
    assert claimed(db, worker_id="w", device="cpu", lease_seconds=LEASE) is None
    seen = [(row.trial, row.state, row.held, row.epoch, row.values) for row in trials_of(db, job_id)]
    assert seen == [(trial, "at_rung", False, 2, {0: (trial + 1) / 10}) for trial in range(3)]
    warnings = [event for event in reading(db, events.after, 0, job=job_id) if event.kind == "log"]
    assert not warnings


def test_a_search_from_its_first_trials_to_the_seeds_of_its_best(db: Database) -> None:
    job_id = submit(db)
    first, second, third = train(db, 0.3, 0.1, 0.2)
    step = {"promote": {second.run_id: 4, third.run_id: 4}, "prune": [first.run_id], "ask": [new_run(3)]}
    assert carried_out(db, job_id, **step)
    assert states(db, job_id) == [(0, "pruned"), (1, "open"), (2, "open"), (3, "open")]
    pruned = run_of(db, first)
    assert (pruned.state, pruned.reason, pruned.progress, pruned.epoch) == ("cancelled", "pruned", 1.0, 2)
    assert [run.stop_epoch for run in runs_of(db, job_id)] == [2, 4, 4, 2]
    assert job_of(db, job_id).state == "queued"
    train(db, 0.1, 0.2, 0.4)
    assert [row.values for row in trials_of(db, job_id)] == [{0: 0.3}, {0: 0.1, 1: 0.1}, {0: 0.2, 1: 0.2}, {0: 0.4}]
    fourth = runs_of(db, job_id)[3].id
    assert carried_out(db, job_id, promote={second.run_id: None}, prune=[third.run_id, fourth])
    train(db, 0.1)
    assert trials_of(db, job_id)[1].values == {0: 0.1, 1: 0.1, 2: 0.1}
    job = job_of(db, job_id)
    assert (job.state, job.progress, job.finished_at) == ("running", 4 / 5, None)
    assert carried_out(db, job_id, ask=[new_run(None, seed=1, lr=1.0, stop=None)], over=True)
    assert reading(db, searches.open_searches) == {}
    assert (job_of(db, job_id).state, job_of(db, job_id).progress) == ("queued", 4 / 5)
    train(db, 0.2)
    job = job_of(db, job_id)
    assert (job.state, job.progress, job.run_states) == ("succeeded", 1.0, {"succeeded": 2, "cancelled": 3})
    assert [run.position for run in runs_of(db, job_id)] == [0, 1, 2, 3, 4]
    ends = [event for event in reading(db, events.after, 0, job=job_id, limit=1000) if event.kind == "end"]
    assert len(ends) == 1


def test_what_was_pruned_is_no_result_and_no_failure(db: Database) -> None:
    job_id = submit(db, (0, 1))
    first, second = train(db, 0.3, 0.1)
    assert carried_out(db, job_id, promote={second.run_id: None}, prune=[first.run_id])
    train(db, 0.1)
    assert carried_out(db, job_id, over=True)
    assert job_of(db, job_id).state == "succeeded"
    (point,) = reading(db, jobs.summary, job_id)
    assert (point["point"], point["missing_seeds"], point["metrics"][METRIC]["n"]) == ({"optimizer.lr": 1.0}, [], 1)
    (side,) = reading(db, comparison.sides, [job_id], most=9)
    assert [member.id for member in side.members] == [second.run_id]
    assert reading(db, job_report.failures, job_id, limit=9) == []


def test_a_trial_that_ended_before_a_rung_has_its_last_value_there(db: Database) -> None:
    job_id = submit(db, (0,))
    held = claim(db)
    assert carried_out(db, job_id)
    for number, error in ((1, 0.4), (2, 0.3), (3, 0.2)):
        epoch(db, held, number, error=error)
        assert trials_of(db, job_id)[0].values == {}  # it has not come to its rung and been compared there
    writing(db, claims.finish, held, outcome="succeeded")
    assert trials_of(db, job_id)[0].values == {0: 0.3, 1: 0.2, 2: 0.2}


def test_an_undefined_value_is_told_and_other_metrics_are_picked_by_name(db: Database) -> None:
    job_id = submit(db, (0,))
    train(db, 0.5)
    values = reading(db, searches.trials, job_id, metric="validation/absent", rungs=RUNGS)[0].values
    assert values == {0: None}
    awkward = reading(db, searches.trials, job_id, metric='it\'s "odd"', rungs=RUNGS)[0].values
    assert awkward == {0: None}


def test_failed_and_cancelled_trials_are_told_as_such(db: Database) -> None:
    job_id = submit(db)
    held = claim(db)
    writing(db, claims.finish, held, outcome="failed", reason="diverged")
    (second,) = train(db, 0.5)
    writing(db, requests.request_run, second.run_id, "cancel")
    assert (run_of(db, second).state, run_of(db, second).reason) == ("cancelled", "cancelled_by_user")
    assert states(db, job_id) == [(0, "failed"), (1, "cancelled"), (2, "open")]
    train(db, 0.5)
    assert job_of(db, job_id).state == "running"


def test_a_step_that_was_decided_from_something_else_changes_nothing(db: Database) -> None:
    job_id = submit(db)
    first, second, _ = train(db, 0.1, 0.2, 0.3)
    assert carried_out(db, job_id, promote={first.run_id: 4})
    version = job_of(db, job_id).version
    stale: list[dict[str, Any]] = [
        {"promote": {first.run_id: 4}},
        {"prune": [first.run_id]},
        {"promote": {"r_other": None}},
        {"ask": [new_run(3), new_run(2)]},
        {"promote": {second.run_id: 4}, "ask": [new_run(0)]},
    ]
    assert [carried_out(db, job_id, **step) for step in stale] == [False] * 5
    assert not writing(db, searches.apply, job_id, Step(over=True), version=version - 1)
    assert job_of(db, job_id).version == version
    assert len(runs_of(db, job_id)) == 3
    writing(db, requests.request_job, job_id, "cancel")
    assert not carried_out(db, job_id, ask=[new_run(3)])
    assert not writing(db, searches.apply, "j_none", Step(), version=1)


def test_of_two_that_carry_out_the_same_step_one_does(db: Database) -> None:
    job_id = submit(db)
    (first,) = train(db, 0.1)
    step, version, both = Step(ask=[new_run(3)], promote={first.run_id: 4}), job_of(db, job_id).version, Barrier(2)

    def carry_out(_: int) -> bool:
        both.wait()
        return writing(db, searches.apply, job_id, step, version=version)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(carry_out, range(2))) == [False, True]
    assert [run.trial for run in runs_of(db, job_id)] == [0, 1, 2, 3]


def test_a_cancel_that_meets_a_step_leaves_no_run(db: Database) -> None:
    job_id = submit(db)
    both = Barrier(2)

    def at_once(act: Callable[[], object]) -> None:
        both.wait()
        act()

    acts = [
        lambda: carried_out(db, job_id, ask=[new_run(3)]),
        lambda: writing(db, requests.request_job, job_id, "cancel"),
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(at_once, acts))
    job = job_of(db, job_id)
    assert (job.state, set(job.run_states)) == ("cancelled", {"cancelled"})


def test_a_search_waits_for_the_quota_of_its_key(db: Database) -> None:
    job_id = submit(db)
    with pytest.raises(QuotaExceeded):
        writing(db, searches.apply, job_id, Step(ask=[new_run(3)]), version=0, max_queued=3)
    assert len(runs_of(db, job_id)) == 3
    train(db, 0.1)  # what waits at a rung keeps no other from waiting
    assert writing(db, searches.apply, job_id, Step(ask=[new_run(3)]), version=0, max_queued=3)


def test_new_trials_show_in_lists_and_train_on_the_data_that_the_search_began_with(db: Database) -> None:
    job_id = submit(db)
    db.write(lambda session: session.execute(update(RunRow).values(data_sha256="f" * 64)))
    spec = {**SPEC, "dataset": {"name": "digits"}, "model": {"name": "mlp"}}
    fresh = NewRun(0, {"method": "la"}, spec, 10, method="la", data_sha256="0" * 64, trial=3)
    assert carried_out(db, job_id, ask=[fresh])
    job = job_of(db, job_id)
    assert (job.methods, job.datasets, job.models, job.runs_total) == (["lpl", "la"], ["digits"], ["mlp"], 4)
    assert [found.id for found in reading(db, jobs.list_jobs, method="la").items] == [job_id]
    assert runs_of(db, job_id)[-1].data_sha256 == "f" * 64


def test_only_its_search_lets_a_run_go_on_from_a_rung(db: Database) -> None:
    job_id = submit(db, (0, 1))
    (first,) = train(db, 0.1)
    words = "is paused at a rung of its search, which decides when it goes on: it cannot resume"
    with pytest.raises(Conflict, match=f"run {first.run_id} {words}"):
        writing(db, requests.request_run, first.run_id, "resume")
    writing(db, requests.request_run, runs_of(db, job_id)[1].id, "pause")
    assert job_of(db, job_id).state == "paused"
    writing(db, requests.request_job, job_id, "resume")
    assert states(db, job_id) == [(0, "at_rung"), (1, "open")]
    assert run_of(db, first).reason == "at_rung"


def test_a_pause_holds_the_search_until_it_is_resumed(db: Database) -> None:
    job_id = submit(db, (0, 1))
    (first,) = train(db, 0.1)
    second = claim(db)
    writing(db, requests.request_job, job_id, "pause")
    assert [row.held for row in trials_of(db, job_id)] == [True, True]
    assert not carried_out(db, job_id, ask=[new_run(3)])
    epoch(db, second, 1)
    epoch(db, second, 2)
    checkpoint(db, second, 2)
    writing(db, claims.finish, second, outcome="at_rung")
    assert job_of(db, job_id).state == "paused"
    assert [(row.state, row.held, row.values) for row in trials_of(db, job_id)] == [("open", True, {})] * 2
    assert not carried_out(db, job_id, promote={first.run_id: 4})
    writing(db, requests.request_job, job_id, "resume")
    assert not any(row.held for row in trials_of(db, job_id))
    for held in train(db, 0.1, 0.1):
        assert held.resume is not None
        assert (held.stop_epoch, held.resume.epoch) == (2, 2)
    assert states(db, job_id) == [(0, "at_rung"), (1, "at_rung")]


def test_a_run_that_is_lost_at_its_rung_waits_there_again(db: Database) -> None:
    job_id = submit(db, (0,))
    held = claim(db, lease=-1)
    for number in (1, 2):
        epoch(db, held, number)
    checkpoint(db, held, 2)
    assert sweep(db).requeued == 1
    assert states(db, job_id) == [(0, "open")]
    again = claim(db)
    assert again.resume is not None
    assert (again.attempt, again.stop_epoch, again.resume.epoch) == (2, 2, 2)
    writing(db, claims.finish, again, outcome="at_rung")
    assert trials_of(db, job_id)[0].values == {0: 0.5}


def test_a_cancel_of_the_job_ends_the_search(db: Database) -> None:
    job_id = submit(db)
    train(db, 0.1, 0.2)
    with pytest.raises(Conflict, match="cancel it first"):
        deletion.delete_job(db, job_id)
    job = writing(db, requests.request_job, job_id, "cancel")
    assert (job.state, job.search_open, job.run_states) == ("cancelled", False, {"cancelled": 3})
    assert {run.reason for run in runs_of(db, job_id)} == {"cancelled_by_user"}
    deletion.delete_job(db, job_id)
    with pytest.raises(NotFound):
        job_of(db, job_id)


def test_between_two_steps_a_search_can_be_cancelled_and_not_paused(db: Database) -> None:
    job_id = submit(db, (0,))
    train(db, 0.1, outcome="succeeded")
    assert job_of(db, job_id).state == "running"
    with pytest.raises(Conflict, match="is about to ask for more trials; try again"):
        writing(db, requests.request_job, job_id, "pause")
    job = writing(db, requests.request_job, job_id, "cancel")
    assert (job.search_open, job.state) == (False, "succeeded")


def test_a_retried_trial_takes_its_place_and_the_search_goes_on(db: Database) -> None:
    job_id = submit(db)
    (first,) = train(db, 0.1)
    assert carried_out(db, job_id, promote={first.run_id: 4})
    lost = claim(db)
    writing(db, claims.finish, lost, outcome="failed", reason="storage_full")
    _, third = train(db, 0.2, 0.3)
    assert carried_out(db, job_id, prune=[row.run for row in trials_of(db, job_id) if row.state == "at_rung"])
    assert carried_out(db, job_id, over=True)
    assert job_of(db, job_id).state == "failed"
    with pytest.raises(Conflict, match=f"run {third.run_id} was pruned"):
        writing(db, requests.request_run, third.run_id, "retry")
    job = writing(db, requests.request_job, job_id, "retry")
    assert (job.state, job.search_open, job.run_states) == ("queued", True, {"queued": 1, "cancelled": 2})
    fresh = runs_of(db, job_id)[-1]
    assert (fresh.retry_of, fresh.trial, fresh.stop_epoch, fresh.position) == (first.run_id, 0, 4, 0)
    assert states(db, job_id) == [(0, "open"), (1, "pruned"), (2, "pruned")]


def test_a_search_gets_more_trials_and_its_finalists_more_seeds(db: Database) -> None:
    job_id = submit(db, (0,))
    train(db, 0.1, outcome="succeeded")
    assert carried_out(db, job_id, over=True)
    assert job_of(db, job_id).state == "succeeded"
    job = writing(db, searches.extend, job_id, trials=2)
    assert (job.state, job.search_open, job.finished_at) == ("queued", True, None)
    assert job.spec["search"] == {**SEARCH, "added": [2]}
    assert carried_out(db, job_id, ask=[new_run(1, stop=None)])
    train(db, 0.2)
    assert job_of(db, job_id).progress == pytest.approx(2 / 7)
    job = writing(db, searches.extend, job_id, seeds=[1, 5], max_runs=8)
    assert job.spec["search"]["then_seeds"] == [0, 1, 5]
    assert writing(db, searches.extend, job_id, seeds=[5, 0]).version == job.version
    with pytest.raises(Conflict, match=r"would have 9 runs, at most 8 .*; add fewer trials or seeds"):
        writing(db, searches.extend, job_id, seeds=[6], max_runs=8)


def test_what_cannot_be_extended_says_why(db: Database) -> None:
    job_id = submit(db)
    writing(db, requests.request_job, job_id, "pause")
    with pytest.raises(Conflict, match="is paused: resume it first"):
        writing(db, searches.extend, job_id, trials=1)
    ordinary = writing(db, jobs.submit, jobs.new_job(spec=SPEC, runs=[new_run(0)], method="lpl")).job
    with pytest.raises(Conflict, match="is no search"):
        writing(db, searches.extend, ordinary.id, trials=1)
    with pytest.raises(NotFound):
        writing(db, searches.extend, "j_none", trials=1)


@pytest.mark.parametrize(
    ("counts", "at_rung", "pruned", "going_on", "state"),
    [
        ({"paused": 2, "running": 1}, 2, 0, "running", "running"),
        ({"paused": 2, "queued": 1}, 2, 0, "running", "queued"),
        ({"paused": 2}, 2, 0, "running", "running"),
        ({"paused": 3}, 2, 0, "running", "paused"),
        ({"succeeded": 1, "failed": 1}, 0, 0, "running", "running"),
        ({"succeeded": 1, "cancelled": 2}, 0, 2, None, "succeeded"),
        ({"succeeded": 1, "cancelled": 3}, 0, 2, None, "cancelled"),
        ({"failed": 1, "cancelled": 2}, 0, 2, None, "failed"),
        ({"cancelled": 2}, 0, 2, None, "cancelled"),
        ({"paused": 1, "succeeded": 1}, 1, 0, None, "paused"),
    ],
)
def test_the_state_of_a_search(
    counts: dict[str, int], at_rung: int, pruned: int, going_on: State | None, state: str
) -> None:
    going = None if going_on is None else State(going_on)
    assert state_of_search(counts, at_rung=at_rung, pruned=pruned, going_on=going) == state


def test_the_runs_that_a_search_has_in_the_end() -> None:
    search = {"trials": 9, "added": [3], "then_seeds": [0, 1, 2], "finalists": 2}
    assert expected_runs({"seeds": [0], "search": search}) == 12 + 2 * 2
    assert expected_runs({"seeds": [7], "search": {**search, "finalists": 20}}) == 12 + 12 * 3
    assert expected_runs({"seeds": [0]}) == 0
