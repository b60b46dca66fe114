"""More seeds over HTTP: what is answered, what is refused, and who may ask."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from store.database.engine import Database
from tests.api.service import Running, running, train
from tests.api.test_audit import lines
from tests.api.test_security import bearer


def extend(service: Running, job: str, body: Any) -> httpx.Response:
    return service.http.post(f"/v1/jobs/{job}/extend", json=body)


def test_an_ended_job_runs_with_more_seeds(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        job = service.submit(seeds=[0], sweep={"optimizer.lr": [0.1, 0.01]})["id"]
        train(db)
        train(db)
        answer = extend(service, job, {"seeds": [2, 1, 0]})
        assert answer.status_code == 202
        shown = answer.json()
        assert (shown["state"], shown["runs_total"], shown["spec"]["seeds"]) == ("queued", 6, [0, 2, 1])
        assert (shown["finished_at"], shown["progress"]) == (None, pytest.approx(1 / 3))
        assert [row["waiting_seeds"] for row in shown["summary"]] == [[2, 1], [2, 1]]
        fresh = [(run["point"]["optimizer.lr"], run["seed"], run["state"]) for run in shown["runs"][2:]]
        assert fresh == [(0.1, 2, "queued"), (0.1, 1, "queued"), (0.01, 2, "queued"), (0.01, 1, "queued")]
        assert service.http.get(f"/v1/jobs/{job}").json() == shown
        assert extend(service, job, {"seeds": [1, 2]}).json() == shown
        for _ in range(4):
            train(db)
        done = service.http.get(f"/v1/jobs/{job}").json()
        assert done["state"] == "succeeded"
        assert [row["metrics"]["test/top1_error"]["seeds"] for row in done["summary"]] == [[0, 2, 1], [0, 2, 1]]
        again = service.submit(**{name: value for name, value in done["spec"].items() if name != "name"})
        assert again["runs_total"] == 6


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"trials": 5}, "trials", "only a search has trials; give `seeds`"),
        ({"seeds": [1], "trials": 5}, "", "one of them"),
        ({"trials": 0}, "trials", ""),
        ({"trials": True}, "trials", ""),
        ({}, "", "give `seeds` or"),
        ({"seeds": []}, "seeds", ""),
        ({"seeds": [1, 1]}, "seeds", "every seed may stand once"),
        ({"seeds": [-1]}, "seeds.0", ""),
        ({"seeds": [2**63]}, "seeds.0", ""),
        ({"seeds": ["1"]}, "seeds.0", ""),
        ({"seeds": [True]}, "seeds.0", ""),
        ({"seeds": [1.5]}, "seeds.0", ""),
        ({"seed": [1], "seeds": [1]}, "seed", ""),
    ],
)
def test_a_body_that_is_wrong_names_its_field(
    measured: tuple[httpx.Client, str], body: Any, path: str, message: str
) -> None:
    http, run = measured
    address = f"/v1/jobs/{http.get(f'/v1/runs/{run}').json()['job']}"
    before = http.get(address).json()
    answer = http.post(f"{address}/extend", json=body)
    errors = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert answer.status_code == 422
    assert message in errors[path]
    assert http.get(address).json() == before


def test_limits_and_states_are_answered_as_such(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, max_runs_per_job=4, max_queued_runs=3) as service:
        job = service.submit(seeds=[0, 1])["id"]
        assert extend(service, "j_none", {"seeds": [2]}).status_code == 404
        many = extend(service, job, {"seeds": [2, 3, 4]})
        assert (many.status_code, "at most 4 are allowed in one job" in many.json()["detail"]) == (409, True)
        full = extend(service, job, {"seeds": [2, 3]})
        assert (full.status_code, "may have 3" in full.json()["detail"]) == (429, True)
        service.http.post(f"/v1/jobs/{job}/pause")
        held = extend(service, job, {"seeds": [2]})
        assert (held.status_code, held.json()["detail"]) == (409, f"job {job} is paused: resume it first")
        service.http.post(f"/v1/jobs/{job}/cancel")
        assert service.http.delete(f"/v1/jobs/{job}").status_code == 204
        assert extend(service, job, {"seeds": [2]}).status_code == 404


def test_extending_needs_the_scope_submit_and_is_audited(service: Running) -> None:
    job = service.submit()["id"]
    admin = service.http.post("/v1/keys", json={"name": "a", "scopes": ["admin"]}).json()["secret"]
    made = service.http.post("/v1/keys", json={"name": "r", "scopes": ["read"]}, headers=bearer(admin)).json()
    path = f"/v1/jobs/{job}/extend"
    asked = [service.http.post(path, json={"seeds": [1]}, headers=bearer(key)) for key in (made["secret"], admin)]
    assert [answer.status_code for answer in asked] == [403, 202]
    told = {line[0]: line[3] for line in lines(service.http, admin, number=5) if line[2] == path}
    assert told == {"r": 403, "a": 202}
