"""Runs of a search that wait at a rung, and go on from it, under workers."""

from collections.abc import Iterator

import pytest

import lplcore
from store import checkpoints, jobs, searches
from store.database.engine import Database
from store.database.records import NewRun
from store.lifecycle import requests, runs
from store.searches import Step
from store.settings import Settings
from tests.service.processes import SPEC as DIGITS
from tests.store.databases import reading, writing
from tests.worker.conftest import Supervised, logged, submit, wait_for
from tests.worker.test_packing_training import alone, result, states, until, working
from worker import warm
from worker.warm import Host

pytestmark = pytest.mark.slow
TO_RUNG = ["epoch", "checkpoint", "end at_rung"]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """The host that workers have."""
    started = Host()
    yield started
    started.stop()


def test_a_run_waits_at_its_rung_without_a_worker(store: Database, settings: Settings) -> None:
    (run_id,) = submit(store, TO_RUNG)
    supervised = Supervised(store, settings)
    run = supervised.end()
    assert (run.state, run.reason, run.message, run.worker, run.losses) == ("paused", "at_rung", None, None, 0)
    assert [kept.epoch for kept in reading(store, checkpoints.list_for_run, run_id)] == [1]
    assert logged(store, run_id) == []


@pytest.mark.parametrize(("action", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_what_was_asked_of_a_run_holds_where_it_comes_to_its_rung_first(
    store: Database, settings: Settings, action: str, state: str
) -> None:
    (run_id,) = submit(store, ["epoch", "until-stopped", "checkpoint", "end at_rung"])
    supervised = Supervised(store, settings)
    supervised.until(lambda run: run.epoch == 1)
    writing(store, requests.request_run, run_id, action)
    run = supervised.end()
    assert (run.state, run.reason) == (state, "cancelled_by_user" if action == "cancel" else None)


@pytest.mark.skipif(not warm.supported(), reason="trainers are forked on Linux")
def test_trained_in_parts_packed_runs_have_the_bits_of_those_that_were_trained_through(
    store: Database, settings: Settings, host: Host
) -> None:
    changes = [{"epochs": 3, "checkpoints": {"every_epochs": 5}}] * 3
    expected = alone(store, settings, host, *changes)
    with working(store, settings, host, pack=3):
        job_id, ids = submit_search(store, epochs=3)
        until(store, ids, *["paused"] * 3)
        assert reading(store, jobs.get, job_id).state == "running"
        assert [reading(store, runs.get, run_id).epoch for run_id in ids] == [1] * 3
        go_on(store, job_id, Step(promote={ids[0]: 2, ids[1]: None}))
        wait_for(lambda: states(store, ids), lambda seen: seen == ["paused", "succeeded", "paused"], timeout=90)
        go_on(store, job_id, Step(promote={ids[0]: None, ids[2]: None}, over=True))
        until(store, ids, *["succeeded"] * 3)
    assert [result(store, run_id) for run_id in ids] == expected
    assert [reading(store, runs.get, run_id).attempt for run_id in ids] == [3, 2, 2]
    assert reading(store, jobs.get, job_id).state == "succeeded"


def submit_search(store: Database, *, epochs: int) -> tuple[str, list[str]]:
    """A search with three trials that wait after an epoch, by the seeds 0 to 2; its job and runs."""
    new = []
    for trial in range(3):
        spec = lplcore.parse_spec({**DIGITS, "epochs": epochs, "checkpoints": {"every_epochs": 5}, "seeds": [trial]})
        run = NewRun(trial, {}, spec.model_dump(mode="json"), epochs, one_core=True, trial=trial, stop_epoch=1)
        new.append(run)
    whole = {**new[0].spec, "search": {"trials": 3}}
    job = writing(store, jobs.submit, jobs.new_job(spec=whole, runs=new, method="lpl", search_open=True)).job
    return job.id, [run.id for run in reading(store, jobs.list_runs, job.id, limit=100, cursor=None).items]


def go_on(store: Database, job_id: str, step: Step) -> None:
    """Carry a step out."""
    version = reading(store, searches.open_searches)[job_id]
    assert writing(store, searches.apply, job_id, step, version=version)
