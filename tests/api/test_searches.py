"""Searches from their submission to their end: driven by real drivers, trained by a made objective."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from store import datasets, deletion, jobs, searches
from store.database.engine import Database
from store.database.tables import JobRow
from store.errors import Conflict
from store.lifecycle import claims, requests, turns
from tests.api.searching import SEARCH, SPEC, VALUES, driver, ended, job_of, outcome, submit, take, train
from tests.api.service import Running
from tests.store.databases import reading, writing

FIELD = "method.perturbations.0.delta_epsilon"


def until(look: Callable[[], Any], timeout: float = 30) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < deadline, "it does not come to pass"
        time.sleep(0.01)


def trials_of(db: Database, job_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = job_of(db, job_id)["search"]["trials"]
    return found


@pytest.mark.parametrize(("search", "best"), [
    ({"sampler": "grid"}, 2.5),
    ({"sampler": "random", "trials": 6, "halving": None}, None),
    ({"sampler": "tpe", "trials": 12, "space": {FIELD: {"low": 0.5, "high": 5, "log": True}}}, None),
])  # fmt: skip
def test_a_search_ends_with_its_best_points_trained_with_their_seeds(
    sqlite: Database, tmp_path: Path, search: dict[str, Any], best: float | None
) -> None:
    with driver(sqlite, tmp_path):
        job = ended(sqlite, submit(sqlite, tmp_path, **search))
    trials, finalists = job["search"]["trials"], job["search"]["finalists"]
    assert (job["state"], job["progress"]) == ("succeeded", 1.0)
    assert [trial["number"] for trial in trials] == list(range(search.get("trials", len(VALUES))))
    assert len({trial["point"][FIELD] for trial in trials}) == len(trials)
    assert {trial["state"] for trial in trials} <= {"succeeded", "pruned"}
    whole = [trial for trial in trials if trial["state"] == "succeeded"]
    by_value = sorted(whole, key=lambda trial: trial["value"])
    assert [point["run"] for point in finalists] == [trial["run"] for trial in by_value[:2]]
    assert job["search"]["best"] == finalists[0]
    assert best in (None, finalists[0]["point"][FIELD])
    seeds = {
        row["point"][FIELD]: row["metrics"]["test/top1_error"]["seeds"] for row in job["summary"] if row["metrics"]
    }
    assert [seeds[point["point"][FIELD]] for point in finalists] == [[0, 1, 2]] * 2
    assert job["runs_total"] == len(trials) + 4
    assert all(not row["missing_seeds"] for row in job["summary"])


def test_who_trains_and_drives_when_changes_nothing(db: Database, tmp_path: Path) -> None:
    search = {"sampler": "tpe", "trials": 13, "at_once": 3, "space": {FIELD: {"low": 0.5, "high": 5}}}
    with driver(db, tmp_path):
        undisturbed = ended(db, submit(db, tmp_path, **search))
    with driver(db, tmp_path), driver(db, tmp_path):
        other = ended(db, submit(db, tmp_path, **search), newest_first=True)
    assert outcome(other) == outcome(undisturbed)
    assert len(outcome(other)[1]) == 13


def test_trials_that_do_not_fit_into_the_queue_wait(sqlite: Database, tmp_path: Path) -> None:
    search: dict[str, Any] = {"space": {FIELD: {"low": 0.5, "high": 5}}, "sampler": "random", "finalists": 1}
    with driver(sqlite, tmp_path, max_queued_runs=3):
        job_id = submit(sqlite, tmp_path, **search, trials=1)
        writing(sqlite, searches.extend, job_id, trials=8)
        until(lambda: len(trials_of(sqlite, job_id)) == 3)
        waiting = reading(sqlite, turns.waiting_of, "")
        job = ended(sqlite, job_id)
    assert waiting == 3
    assert (job["state"], len(job["search"]["trials"]), job["runs_total"]) == ("succeeded", 9, 11)


def test_nothing_is_decided_while_somebody_has_paused_a_run(sqlite: Database, tmp_path: Path) -> None:
    with driver(sqlite, tmp_path):
        job_id = submit(sqlite, tmp_path)
        last = trials_of(sqlite, job_id)[-1]["run"]
        writing(sqlite, requests.request_run, last, "pause")
        while (held := take(sqlite)) is not None:
            train(sqlite, held)
        time.sleep(0.3)  # many rounds of the driver
        assert [trial["state"] for trial in trials_of(sqlite, job_id)] == ["at_rung"] * 8 + ["open"]
        assert take(sqlite) is None
        writing(sqlite, requests.request_run, last, "resume")
        assert ended(sqlite, job_id)["state"] == "succeeded"


def test_a_search_that_cannot_go_on_ends_with_words_and_keeps_no_other_waiting(
    sqlite: Database, tmp_path: Path
) -> None:
    broken, other = submit(sqlite, tmp_path), submit(sqlite, tmp_path)
    spec = reading(sqlite, jobs.get, broken).spec | {"model": {"name": "gone"}}
    writing(sqlite, lambda session: session.execute(update(JobRow).where(JobRow.id == broken).values(spec=spec)))
    with driver(sqlite, tmp_path):
        assert ended(sqlite, other)["state"] == "succeeded"
        job = ended(sqlite, broken)
    assert job["state"] == "failed"
    (failed,) = [run for run in job["runs"] if run["state"] == "failed"]
    assert failed["reason"] == "bad_spec"
    assert "the search cannot go on" in failed["message"]
    assert "gone" in failed["message"]


def test_a_failed_trial_counts_as_worst_and_is_not_repeated(sqlite: Database, tmp_path: Path) -> None:
    with driver(sqlite, tmp_path):
        job_id = submit(sqlite, tmp_path)
        held = take(sqlite)
        assert held is not None
        writing(sqlite, claims.finish, held, outcome="failed", reason="diverged", message="inf")
        job = ended(sqlite, job_id)
    assert job["state"] == "failed"
    assert [trial["state"] for trial in job["search"]["trials"]].count("failed") == 1
    assert (len(job["search"]["trials"]), len(job["search"]["finalists"])) == (len(VALUES), 2)


def test_a_cancelled_search_asks_for_nothing_more_and_can_be_deleted(sqlite: Database, tmp_path: Path) -> None:
    with driver(sqlite, tmp_path):
        job_id = submit(sqlite, tmp_path)
        with pytest.raises(Conflict, match="cancel it first"):
            deletion.delete_job(sqlite, job_id)
        for _ in range(4):
            held = take(sqlite)
            assert held is not None
            train(sqlite, held)
        writing(sqlite, requests.request_job, job_id, "cancel")
        before = job_of(sqlite, job_id)
        assert (before["state"], reading(sqlite, jobs.get, job_id).search_open) == ("cancelled", False)
        other = submit(sqlite, tmp_path)
        assert ended(sqlite, other)["state"] == "succeeded"
        assert job_of(sqlite, job_id) == before
        deletion.delete_job(sqlite, job_id)


def test_a_search_is_answered_extended_and_refused_over_http(service: Running) -> None:
    db, search = service.db, {**SEARCH, "sampler": "random", "trials": 4, "halving": None, "finalists": 1}
    body = {**SPEC, "search": {**search, "then_seeds": []}}
    told = service.http.post("/v1/jobs/validate", json={**SPEC, "search": search}).json()
    assert told["runs_total"] == 4 + 2
    job = service.http.post("/v1/jobs", json=body).json()
    path = f"/v1/jobs/{job['id']}"
    assert [(trial["state"], trial["value"], trial["rung"]) for trial in job["search"]["trials"]] == [
        ("open", None, None)
    ] * 4
    assert (job["search"]["best"], job["search"]["finalists"]) == (None, [])
    first = ended(db, job["id"])
    assert service.http.get(path).json() == first
    more = service.http.post(f"{path}/extend", json={"trials": 3})
    assert (more.status_code, more.json()["state"]) == (202, "queued")
    second = ended(db, job["id"])
    assert second["search"]["trials"][:4] == first["search"]["trials"]
    assert [trial["number"] for trial in second["search"]["trials"]] == list(range(7))
    for _ in range(2):  # the second time nothing is left to do
        assert service.http.post(f"{path}/extend", json={"seeds": [0, 7]}).status_code == 202
        third = ended(db, job["id"])
        assert third["runs_total"] == 8
    (finalist,) = third["search"]["finalists"]
    assert [(run["point"], run["seed"]) for run in third["runs"][7:]] == [(finalist["point"], 7)]
    assert service.http.post(f"{path}/extend", json={"trials": 2}).status_code == 202
    ended(db, job["id"])
    full = service.http.post(f"{path}/extend", json={"trials": 1})
    assert (full.status_code, full.json()["errors"][0]["path"]) == (422, "trials")
    assert "has 9 points" in full.json()["errors"][0]["message"]
    assert service.http.post(f"{path}/extend", json={"seeds": list(range(10_000))}).status_code == 409


def test_a_data_set_that_an_open_search_uses_is_kept(service: Running) -> None:
    folder = service.settings.datasets_dir
    rows = [f"{index % 7},{index % 5},{'ab'[index % 3 == 0]}" for index in range(90)]
    (folder / "mine.csv").write_text("\n".join(["x,y,label", *rows]))
    made = service.http.post("/v1/datasets", json={"name": "mine", "path": "mine.csv", "target": "label"})
    assert made.status_code == 201, made.text
    space = {"optimizer.lr": [0.1, 0.01]}
    body = {"dataset": "mine", "method": "cross_entropy", "epochs": 8}
    job = service.http.post("/v1/jobs", json=body | {"search": {"sampler": "grid", "space": space}}).json()
    while (held := take(service.db)) is not None:
        with pytest.raises(Conflict, match=f"job {job['id']} still uses"):
            writing(service.db, datasets.delete_dataset, "mine")
        writing(service.db, claims.finish, held, outcome="failed", reason="error")
    with pytest.raises(Conflict, match=f"job {job['id']} still uses"):
        writing(service.db, datasets.delete_dataset, "mine")
    until(lambda: service.http.get(f"/v1/jobs/{job['id']}").json()["state"] == "failed")
    writing(service.db, datasets.delete_dataset, "mine")
    gone = service.http.post(f"/v1/jobs/{job['id']}/extend", json={"seeds": [1]})
    assert (gone.status_code, "no longer registered" in gone.json()["detail"]) == (409, True), gone.text
