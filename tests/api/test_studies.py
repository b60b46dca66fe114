"""Studies over HTTP: made whole or not at all, followed and steered as one, told of once."""

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from store import studies
from store.database.engine import Database
from store.lifecycle import claims
from tests.api.endpoint import listening
from tests.api.service import SPEC, Running, claim, record, running, train
from tests.api.test_audit import lines
from tests.api.test_security import bearer
from tests.api.test_webhooks import added, allowing
from tests.store.databases import writing
from tests.store.test_studies import made

ERROR = "test/top1_error"
QUICK = {**SPEC, "seeds": [0, 1]}
CPU = {"preset": "table7", "scale": "cpu"}


def submit(service: Running, **body: Any) -> dict[str, Any]:
    """A new study."""
    answer = service.http.post("/v1/studies", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/studies/{answer.json()['id']}"
    found: dict[str, Any] = answer.json()
    return found


def own(service: Running, **changes: Any) -> dict[str, Any]:
    """A study of two jobs of two runs each."""
    jobs = [{**QUICK, "name": "LPL"}, {**QUICK, "name": "CE", "method": "cross_entropy", **changes}]
    return submit(service, name="mine", jobs=jobs)


def get(service: Running, study: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service.http.get(f"/v1/studies/{study['id']}").json()
    return found


def ask(service: Running, study: dict[str, Any], action: str) -> httpx.Response:
    return service.http.post(f"/v1/studies/{study['id']}/{action}")


def test_given_experiments_make_a_table_that_their_runs_fill(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        study = own(service)
        assert (study["state"], study["preset"], study["asked"]) == ("queued", None, {"name": "mine"})
        assert [row["label"] for row in study["rows"]] == ["LPL", "CE"]
        assert [row["method"] for row in study["rows"]] == ["lpl", "cross_entropy"]
        assert [column["title"] for column in study["columns"]] == ["top-1 error", "many", "medium", "few"]
        first = study["rows"][0]["cells"][ERROR]
        job = service.http.get(f"/v1/jobs/{first['job']}").json()
        assert (job["study"], job["preset"], job["published"]) == (study["id"], None, None)
        assert (first["n"], first["missing"], first["waiting"]) == (0, [0, 1], [0, 1])
        for _ in range(3):
            train(db)
        held = claim(db)
        record(db, held, 1, values={ERROR: None})
        writing(db, claims.finish, held, outcome="failed", reason="diverged", message="loss is nan")
        study = get(service, study)
        cells = [row["cells"][ERROR] for row in study["rows"]]
        assert [(cell["n"], cell["missing"], cell["waiting"]) for cell in cells] == [(2, [], []), (1, [1], [])]
        assert cells[0]["values"] == pytest.approx([1 / 3, 1 / 3])
        assert [job["state"] for job in study["jobs"]] == ["succeeded", "failed"]
        assert (study["state"], study["progress"] > 0.8, study["finished_at"] is not None) == ("failed", True, True)
        table = service.http.get(f"/v1/studies/{study['id']}/table")
        assert table.headers["content-type"] == "text/markdown; charset=utf-8"
        assert "| CE | 33.33 (n = 1 of 2) |" in table.text
        service.http.delete(f"/v1/jobs/{cells[1]['job']}")
        study = get(service, study)
        assert study["rows"][1]["cells"][ERROR]["missing"] == [f"job {cells[1]['job']} was deleted"]
        assert (study["state"], [job["name"] for job in study["jobs"]]) == ("succeeded", ["LPL"])


def test_a_preset_makes_all_jobs_of_a_table(service: Running) -> None:
    study = submit(service, **CPU)
    assert (study["preset"], study["asked"]["scale"], len(study["jobs"])) == ("table7", "cpu", 8)
    assert [row["label"] for row in study["rows"]] == ["LA", "LPL", "LPL - LA"]
    assert [row["cells"]["CIFAR-10-LT, 100:1"]["published"] for row in study["rows"]] == [0.2233, 0.2205, -0.0028]
    assert study["rows"][2]["cells"]["CIFAR-10-LT, 100:1"]["derived"] == {"row": "LPL", "minus": "LA"}
    latex = service.http.get(f"/v1/studies/{study['id']}/table", params={"format": "latex"})
    assert latex.headers["content-type"] == "application/x-tex; charset=utf-8"
    assert latex.headers["content-disposition"] == f'inline; filename="{study["id"]}.tex"'
    assert "LPL & waits & 55.75 & waits & 22.05 & waits & 39.03 & waits & 10.59" in latex.text


def test_a_row_is_a_sweep_point_and_a_preset_brings_what_was_published(service: Running) -> None:
    swept = {**SPEC, "name": "S", "seeds": [0], "sweep": {"optimizer.lr": [0.1, 0.01]}}
    preset = {"preset": "digits_long_tail", "override": {"sweep": {}, "epochs": 1, "name": "S: lpl lr=0.1"}}
    study = submit(service, name="n", jobs=[swept, preset])
    assert [row["label"] for row in study["rows"]] == ["S: lpl lr=0.1 #1", "S: lpl lr=0.01", "S: lpl lr=0.1 #2"]
    assert [row["cells"][ERROR]["point"] for row in study["rows"]] == [
        {"optimizer.lr": 0.1},
        {"optimizer.lr": 0.01},
        None,
    ]
    job = service.http.get(f"/v1/jobs/{study['jobs'][1]['id']}").json()
    assert (job["preset"], job["published"]) == ("digits_long_tail", {})
    listed = service.http.get("/v1/jobs").json()["items"][0]
    assert (listed["study"], listed["preset"]) == (study["id"], "digits_long_tail")


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "", "give the preset of a study (fig1"),
        ({"name": "n"}, "", "or a name and jobs"),
        ({"preset": "table11"}, "preset", "did you mean 'table1"),
        ({"preset": 3}, "preset", "unknown preset of studies 3"),
        ({"preset": "table4", "scale": "gpu"}, "scale", "must be 'full' or 'cpu'"),
        ({"preset": "table4", "sclae": "cpu"}, "sclae", "did you mean 'scale'"),
        ({"preset": "table4", "name": ""}, "name", "at least 1"),
        ({"preset": "table4"}, "preset", "nothing of it can be trained: cifar10 is not there: put"),
        ({"jobs": [QUICK]}, "name", "is required"),
        ({"name": "n", "jobs": []}, "jobs", "at least 1"),
        ({"name": "n\x00", "jobs": [QUICK]}, "name", "neither NUL"),
        ({"name": "n", "jobs": [QUICK] * 501}, "jobs", "at most 500"),
        ({"name": "n", "jobs": QUICK}, "jobs", "must be a valid list"),
        ({"name": "n", "jobs": ["lpl"]}, "jobs.0", "must be a valid dictionary"),
        ({"name": "n", "jobs": [QUICK], "scale": "cpu"}, "scale", "unknown field"),
        ({"name": "n", "jobs": [QUICK, {**QUICK, "epochs": 0}]}, "jobs.1.epochs", "greater than or equal to 1"),
        ({"name": "n", "jobs": [QUICK, {"dataset": "cifar10"}]}, "jobs.1.dataset.name", "is not there: put"),
        ({"name": "n", "jobs": [{}]}, "jobs.0.dataset", "is required"),
        ({"name": "n", "jobs": [{**QUICK, "seeds": [*range(6000)]}] * 2}, "jobs", "would have 12000 of at most 10000"),
    ],
)
def test_a_body_that_is_wrong_names_its_field(refusing: httpx.Client, body: Any, path: str, message: str) -> None:
    answer = refusing.post("/v1/studies", json=body)
    assert answer.status_code == 422, answer.text
    errors = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert message in errors.get(path, ""), errors
    assert refusing.get("/v1/studies").json()["items"] == []


def test_what_there_is_not_is_not_found(refusing: httpx.Client) -> None:
    asked = [("GET", ""), ("GET", "/table"), ("DELETE", ""), *(("POST", f"/{each}") for each in ("cancel", "retry"))]
    for method, place in asked:
        answer = refusing.request(method, f"/v1/studies/s_none{place}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "there is no study s_none")
    assert refusing.get("/v1/studies/s_none/table?format=pdf").status_code == 422
    assert refusing.get("/v1/studies?state=over").status_code == 422
    assert refusing.get("/v1/studies?cursor=x").status_code == 422


def test_a_key_makes_a_study_once(service: Running) -> None:
    post = partial(service.http.post, "/v1/studies", headers={"Idempotency-Key": "once"})
    body = {"name": "n", "jobs": [QUICK]}
    first, again = post(json=body), post(json=body)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert post(json={**body, "name": "m"}).status_code == 409
    assert service.http.post("/v1/jobs", json=QUICK, headers={"Idempotency-Key": "once"}).status_code == 409
    assert len(service.http.get("/v1/jobs").json()["items"]) == 1


def test_requests_are_repeated_without_harm_and_refused_where_they_cannot_be(service: Running) -> None:
    study = own(service)
    for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        for _ in range(2):
            answer = ask(service, study, action)
            assert (answer.status_code, answer.json()["state"]) == (202, state)
    refused = ask(service, study, "pause")
    assert (refused.status_code, "cannot pause" in refused.json()["detail"]) == (409, True)
    for _ in range(2):
        assert ask(service, study, "retry").json()["state"] == "queued"
    kept = service.http.delete(f"/v1/studies/{study['id']}")
    assert (kept.status_code, kept.json()["detail"]) == (
        409, f"study {study['id']} is queued: cancel it first, then delete it",
    )  # fmt: skip
    ask(service, study, "cancel")
    assert service.http.delete(f"/v1/studies/{study['id']}").status_code == 204
    assert service.http.get(f"/v1/studies/{study['id']}").status_code == 404
    assert service.http.get("/v1/jobs").json()["items"] == []


def test_a_study_beyond_the_quota_leaves_nothing(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, max_queued_runs=3) as service:
        body = {"name": "n", "jobs": [QUICK, QUICK]}
        answer = service.http.post("/v1/studies", json=body)
        assert (answer.status_code, "may have 3" in answer.json()["detail"]) == (429, True)
        assert service.http.get("/v1/jobs").json()["items"] == []
        assert service.http.get("/v1/studies").json()["items"] == []


def test_what_has_not_changed_is_not_sent_again(service: Running) -> None:
    study = own(service)
    for place in ("", f"/{study['id']}", f"/{study['id']}/table?format=csv"):
        tag = service.http.get(f"/v1/studies{place}").headers["etag"]
        with_tag = partial(service.http.get, f"/v1/studies{place}", headers={"If-None-Match": tag})
        assert with_tag().status_code == 304
        train(service.db)
        assert with_tag().status_code == 200


def test_lists_have_pages_and_filters(service: Running) -> None:
    ids = [submit(service, name=name, jobs=[QUICK])["id"] for name in ("Eins", "zwei", "drei")]
    first = service.http.get("/v1/studies?limit=2").json()
    second = service.http.get(f"/v1/studies?limit=2&cursor={first['next']}").json()
    assert [study["id"] for study in [*first["items"], *second["items"]]] == ids[::-1]
    assert "rows" not in first["items"][0]
    assert [study["id"] for study in service.http.get("/v1/studies?name=EIN").json()["items"]] == [ids[0]]
    assert service.http.get("/v1/studies?preset=table4").json()["items"] == []
    assert len(service.http.get("/v1/studies?state=queued").json()["items"]) == 3


def test_studies_need_the_scope_submit_and_are_audited(service: Running) -> None:
    study = own(service)
    admin = service.http.post("/v1/keys", json={"name": "a", "scopes": ["admin"]}).json()["secret"]
    made_key = service.http.post("/v1/keys", json={"name": "r", "scopes": ["read"]}, headers=bearer(admin)).json()
    reader = bearer(made_key["secret"])
    assert service.http.get(f"/v1/studies/{study['id']}", headers=reader).status_code == 200
    assert service.http.post("/v1/studies", json={"name": "n", "jobs": [QUICK]}, headers=reader).status_code == 403
    path = f"/v1/studies/{study['id']}/cancel"
    assert [service.http.post(path, headers=key).status_code for key in (reader, bearer(admin))] == [403, 202]
    told = {line[0]: line[3] for line in lines(service.http, admin, number=6) if line[2] == path}
    assert told == {"r": 403, "a": 202}


def test_the_end_of_a_study_is_told_once_as_it_is_answered(sqlite: Database, tmp_path: Path) -> None:
    with allowing(sqlite, tmp_path) as service, listening() as endpoint:
        webhook = added(service, endpoint, ["study.ended", "job.failed"])
        study = own(service)
        for _ in range(4):
            train(sqlite)
        (received,) = endpoint.wait(1)
        assert received.content["study"] == get(service, study)
        assert received.content["event"] == "study.ended"
        (delivery,) = service.http.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["items"]
        assert (delivery["study"], delivery["job"], delivery["run"]) == (study["id"], None, None)


def test_an_answer_that_cannot_be_worked_out_keeps_nobody_waiting(sqlite: Database, tmp_path: Path) -> None:
    with allowing(sqlite, tmp_path) as service, listening() as endpoint:
        added(service, endpoint, ["study.ended"])
        study_id = writing(sqlite, studies.submit, made(1, answers=True)).study.id
        assert get(service, {"id": study_id})["answer_due"]
        train(sqlite)
        (received,) = endpoint.wait(1)
        answered = received.content["study"]
        assert (answered["id"], answered["answer_due"]) == (study_id, False)
        assert answered["answer"]["text"] == "This version of the service knows no answer of table4."
