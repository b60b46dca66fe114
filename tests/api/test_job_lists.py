"""Lists of jobs: what an item tells, and what filters find."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from client import Client
from store import metrics
from store.database.engine import Database
from store.database.records import Claim
from store.lifecycle import claims, requests
from tests.api.service import Running, claim, running
from tests.service.processes import until
from tests.store.databases import writing

SWEEP = {"method": ["cross_entropy", "lpl", {"alias": "lpl", "threshold": 0.3}], "dataset.imbalance_factor": [10, 50]}


def end(db: Database, held: Claim, **values: float | None) -> None:
    """End a run with these metrics."""
    named = {name.replace("_few", ".few").replace("test_", "test/"): value for name, value in values.items()}
    writing(db, metrics.record_epoch, held, epoch=3, epochs=3, metrics=named, series={})
    writing(db, claims.finish, held, outcome="succeeded")


def items(service: Running, query: str = "") -> list[dict[str, Any]]:
    answer = service.http.get(f"/v1/jobs?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_an_item_of_a_list_tells_what_a_list_needs(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        job = service.submit(name="a sweep", seeds=[0, 1], sweep=SWEEP)
        errors = [0.25, 0.5, 0.125]
        for error in errors:
            end(db, claim(db), test_top1_error=error, test_top1_error_few=None)
        lost = claim(db)
        writing(db, claims.finish, lost, outcome="failed", reason="diverged")
        (item,) = items(service)
        assert (item["id"], item["name"], item["state"]) == (job["id"], "a sweep", "queued")
        assert item["runs"] == {"succeeded": 3, "failed": 1, "queued": 8}
        assert item["runs_total"] == 12
        assert (item["dataset"], item["datasets"]) == ("digits", ["digits"])
        assert item["methods"] == ["cross_entropy", "lpl"]
        assert item["imbalance_factor"] is None  # the sweep has two
        assert isinstance(item["model"], str)
        assert item["models"] == [item["model"]]
        assert item["metrics"] == {
            "test/top1_error": {"mean": pytest.approx(0.875 / 3), "std": pytest.approx(0.1909406540), "n": 3}
        }
        assert not {"spec", "summary"} & set(item)
        writing(db, requests.request_run, lost.run_id, "retry")
        (item,) = items(service)
        assert (item["runs"], item["runs_total"]) == ({"succeeded": 3, "queued": 9}, 13)


def test_an_item_of_one_run_has_no_deviation(service: Running) -> None:
    service.submit()
    assert items(service)[0]["metrics"] == {}
    end(service.db, claim(service.db), test_top1_error=0.25, test_mean_average_precision=0.5)
    (item,) = items(service)
    assert item["imbalance_factor"] == 20
    assert item["metrics"]["test/top1_error"] == {"mean": 0.25, "std": None, "n": 1}
    assert item["metrics"]["test/mean_average_precision"] == {"mean": 0.5, "std": None, "n": 1}
    assert item["runs"] == {"succeeded": 1}


def test_the_client_reads_a_list_as_items_of_their_own_type(service: Running) -> None:
    service.submit(sweep=SWEEP)
    end(service.db, claim(service.db), test_top1_error=0.25)
    with Client(service.url) as client:
        (item,) = client.list_jobs().items
    assert item.methods == ["cross_entropy", "lpl"]
    assert item.runs == {"succeeded": 1, "queued": 5}
    assert item.metrics["test/top1_error"].mean == 0.25
    assert not hasattr(item, "summary")
    assert not hasattr(item, "spec")


def test_a_job_is_found_by_every_method_and_data_set_of_its_sweep(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        sweep = {"method": ["cross_entropy", "ldam", {"loss": {"name": "focal"}}]}
        job = service.submit(name="sweep", method="lpl", sweep=sweep)
        other = service.submit(name="other", method="lpl")
        assert job["methods"] == ["cross_entropy", "ldam", "focal"]
        for method in ("cross_entropy", "ldam", "focal"):
            assert [item["id"] for item in items(service, f"method={method}")] == [job["id"]]
        # The base spec's method is swept over: no run of the job has it.
        assert [item["id"] for item in items(service, "method=lpl")] == [other["id"]]
        assert [item["id"] for item in items(service, "method=ldam&dataset=digits&state=queued")] == [job["id"]]
        assert items(service, "method=ldam&dataset=cifar10") == []
        first = service.http.get("/v1/jobs?dataset=digits&limit=1").json()
        assert [item["id"] for item in first["items"]] == [other["id"]]
        second = service.http.get(f"/v1/jobs?dataset=digits&limit=1&cursor={first['next']}").json()
        assert ([item["id"] for item in second["items"]], second["next"]) == ([job["id"]], None)


NAMES = {
    "ПРИВЕТ, мир": "привет",
    "ÄRGER": "ärger",
    "Straße": "STRASSE",
    "Cafe\u0301": "CAFÉ",
    "ΣΊΣΥΦΟΣ": "σίσυφος",
    "50%_": "%_",
}


def test_names_are_found_in_either_case_of_any_script(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        ids = {name: service.submit(name=name)["id"] for name in NAMES}
        for name, asked in NAMES.items():
            found = service.http.get("/v1/jobs", params={"name": asked}).json()["items"]
            assert [item["id"] for item in found] == [ids[name]]


def test_lists_of_jobs_read_an_index(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path) as service:
        service.submit()
    for where in ("f.kind = 'method' AND f.value = 'lpl' AND f.job_id < 'j_z'", "f.kind = 'dataset' AND f.value = 'a'"):
        query = (
            f"SELECT * FROM jobs JOIN job_facets f ON f.job_id = jobs.id WHERE {where} ORDER BY f.job_id DESC LIMIT 51"
        )
        with sqlite.engine.connect() as connection:
            plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
        assert "ix_job_facets_kind_value_job_id" in plan
        assert "TEMP B-TREE" not in plan
        assert "SCAN" not in plan


def test_lists_are_sorted_bounded_and_paged(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        ids = [service.submit(name=name)["id"] for name in ("b", "a", "c")]
        for error in (0.5, 0.25):
            end(db, claim(db), test_top1_error=error)
        by_name = [ids[1], ids[0], ids[2]]
        assert [item["id"] for item in items(service, "sort=name")] == by_name
        assert [item["id"] for item in items(service, "sort=-name")] == by_name[::-1]
        assert [item["id"] for item in items(service, "sort=metric:test/top1_error")] == [ids[1], ids[0]]
        assert [item["id"] for item in items(service, "metric=test/top1_error%3C0.4")] == [ids[1]]
        found = items(service, "metric=test/top1_error<0.9&metric=test/top1_error>=0.4&sort=-progress")
        assert [item["id"] for item in found] == [ids[0]]
        assert found[0]["sparkline"] == [0.5]
        page = service.http.get("/v1/jobs?sort=name&limit=1").json()
        seen = page["items"]
        while page["next"]:
            page = service.http.get(f"/v1/jobs?sort=name&limit=1&cursor={page['next']}").json()
            seen += page["items"]
        assert [item["id"] for item in seen] == by_name


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("sort=state", "sort"),
        ("sort=metric:test/loss", "sort"),
        ("metric=test/top1_error", "metric.0"),
        ("metric=test/top1_error<0.5&metric=top1<1", "metric.1"),
        ("metric=test/top1_error<nan", "metric.0"),
        ("archived=maybe", "archived"),
        ("sort=name&cursor=al8x", "cursor"),
        ("sort=name&cursor=%00", "cursor"),
        ("cursor=" + "x" * 5000, "cursor"),
    ],
)
def test_a_wrong_order_bound_or_cursor_is_refused_by_name(refusing: httpx.Client, query: str, path: str) -> None:
    answer = refusing.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422, answer.text
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_a_job_is_edited_and_archived(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        job = service.submit(name="x" * 200, tags=["old"])
        path, all_jobs = f"/v1/jobs/{job['id']}", service.http.get("/v1/jobs")
        tag = service.http.get(path).headers["ETag"]
        changes = {"name": "\U0001f600" * 200, "tags": ["new"], "notes": "# why", "archived": True}
        answer = service.http.patch(path, json=changes)
        assert answer.status_code == 200, answer.text
        assert {name: answer.json()[name] for name in changes} == changes
        assert answer.json()["spec"] == job["spec"]
        assert service.http.get(path, headers={"If-None-Match": tag}).status_code == 200
        stale = service.http.get("/v1/jobs", headers={"If-None-Match": all_jobs.headers["ETag"]})
        assert (stale.status_code, stale.json()["items"]) == (200, [])
        service.submit(name="\U0001f600" * 200)
        service.http.patch(f"/v1/jobs/{items(service)[0]['id']}", json={"archived": True})
        first = service.http.get("/v1/jobs", params={"archived": True, "sort": "name", "limit": 1}).json()
        following = {"archived": True, "sort": "name", "limit": 1, "cursor": first["next"]}
        assert len(service.http.get("/v1/jobs", params=following).json()["items"]) == 1
        assert service.http.patch(path, json={}).json()["notes"] == "# why"
        assert service.http.patch(path, json={"archived": False}).json()["archived"] is False
        assert [item["notes"] for item in items(service, "tag=new")] == ["# why"]
        audited = {"method": "PATCH", "path": path}  # lines are written beside the answers
        until(lambda: len(service.http.get("/v1/audit", params=audited).json()["items"]), lambda n: n == 3, timeout=30)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"notes": 3}, "notes"),
        ({"tags": ["ok", ""]}, "tags.1"),
        ({"tags": "x"}, "tags"),
        ({"archived": "yes"}, "archived"),
        ([], ""),
    ],
)
def test_a_wrong_change_is_refused_by_its_field(refusing: httpx.Client, changes: Any, path: str) -> None:
    answer = refusing.patch("/v1/jobs/j_1", json=changes)
    assert answer.status_code == 422, answer.text
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_a_job_that_is_not_there_cannot_be_edited(refusing: httpx.Client) -> None:
    assert refusing.patch("/v1/jobs/j_1", json={"notes": "x"}).status_code == 404


def test_the_client_sorts_and_edits(service: Running) -> None:
    first, second = service.submit(name="a"), service.submit(name="b")
    end(service.db, claim(service.db), test_top1_error=0.25)
    with Client(service.url) as client:
        assert [item.id for item in client.list_jobs(sort="name").items] == [first["id"], second["id"]]
        assert [item.id for item in client.list_jobs(metric=["test/top1_error<0.5"]).items] == [first["id"]]
        edited = client.edit("a", tags=["x"], notes="seen", archived=True)
        assert (edited.name, edited.tags, edited.notes, edited.archived) == ("a", ["x"], "seen", True)
        assert [item.id for item in client.list_jobs(archived=True).items] == [first["id"]]
        assert [item.id for item in client.list_jobs().items] == [second["id"]]
