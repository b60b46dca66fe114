"""Series of many runs in one request."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy import event

from store import job_results
from store.database.engine import Database
from store.lifecycle import claims
from tests.api.service import Running, claim, record, running
from tests.grids import every
from tests.store.databases import writing

ADDRESSES = ["metrics?names=test/top1_error,train/loss", "loss-variations?epoch=2", "class-metrics?name=test/accuracy"]
CALIBRATION = "calibration?limit=1000"


def trained(service: Running, seeds: int, *, epochs: int = 2) -> str:
    """A job whose runs have recorded epochs, but for one that waits."""
    job = service.submit(seeds=list(range(seeds + 1)))
    for _ in range(seeds):
        held = claim(service.db)
        for number in range(1, epochs + 1):
            record(service.db, held, number)
        writing(service.db, claims.finish, held, outcome="succeeded")
    return str(job["id"])


def own(http: httpx.Client, run: str, address: str) -> dict[str, object]:
    """What the run's own address answers."""
    found: dict[str, object] = http.get(f"/v1/runs/{run}/{address}").json()
    return found


def test_the_series_of_all_runs_of_a_job_come_in_one_request(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        job, http = trained(service, 3), service.http
        *done, waiting = [run["id"] for run in http.get(f"/v1/jobs/{job}").json()["runs"]]
        metrics, variations, accuracy = (http.get(f"/v1/jobs/{job}/{address}").json() for address in ADDRESSES)
        for answer in (metrics, variations, accuracy):
            assert ([item["run"] for item in answer["items"]], answer["next"]) == ([*done, waiting], None)
        for place, run in enumerate(done):
            assert metrics["items"][place]["metrics"] == own(http, run, ADDRESSES[0])["metrics"]
            assert variations["items"][place] == {"run": run, **own(http, run, ADDRESSES[1])}
            whole = own(http, run, ADDRESSES[2])
            assert accuracy["items"][place]["values"] == whole["test/accuracy"]
            assert accuracy["items"][place]["classes"] == whole["classes"]
        assert metrics["items"][-1]["metrics"] == {}
        assert variations["items"][-1]["relative_loss_variation"] == []
        assert accuracy["items"][-1]["values"] == []
        later = http.get(f"/v1/jobs/{job}/metrics?after_epoch=1&limit=1").json()
        assert later["items"][0]["metrics"]["train/loss"] == {"epoch": [2], "value": [1.0]}
        assert later["next"]


def test_the_calibrations_of_all_runs_of_a_job_come_in_one_request(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        job, http = trained(service, 2, epochs=3), service.http
        *done, waiting = [run["id"] for run in http.get(f"/v1/jobs/{job}").json()["runs"]]
        answer = http.get(f"/v1/jobs/{job}/calibration").json()
        assert answer["items"][:2] == [{"run": run, **own(http, run, "calibration")} for run in done]
        assert answer["items"][2] == {"run": waiting, "epoch": None, "bins": []}
        by_class = http.get(f"/v1/jobs/{job}/class-metrics?name=calibration").json()
        assert [item["values"] for item in by_class["items"]] == [[], [], []]
        assert http.get("/v1/jobs/j_none/calibration").status_code == 404


@pytest.mark.parametrize("address", every(3, [*ADDRESSES, CALIBRATION]))
def test_a_page_of_very_many_values_ends_early_and_goes_on(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(job_results, "MOST_VALUES", 5)
    with running(db, tmp_path) as service:
        job, http = trained(service, 4, epochs=3), service.http
        seen, cursor = [], ""
        for _ in range(6):
            answer = http.get(f"/v1/jobs/{job}/{address}{cursor}").json()
            seen += [item["run"] for item in answer["items"]]
            if answer["next"] is None:
                break
            cursor = f"&cursor={answer['next']}"
        assert cursor
        assert seen == [run["id"] for run in http.get(f"/v1/jobs/{job}").json()["runs"]]


@pytest.mark.parametrize("address", [*ADDRESSES, CALIBRATION])
def test_statements_do_not_grow_with_the_runs(sqlite: Database, tmp_path: Path, address: str) -> None:
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with running(sqlite, tmp_path) as service:
        job = trained(service, 12, epochs=1)
        event.listen(sqlite.engine, "before_cursor_execute", note)
        assert len(service.http.get(f"/v1/jobs/{job}/{address}").json()["items"]) == 13
        event.remove(sqlite.engine, "before_cursor_execute", note)
    assert len([each for each in statements if "FROM epochs" in each or "FROM series" in each]) == 1
    assert len([each for each in statements if "ORDER BY runs.id" in each]) == 1


@pytest.mark.parametrize("address", ADDRESSES)
def test_series_of_a_job_that_have_not_changed_cost_nothing(service: Running, address: str) -> None:
    job = trained(service, 1)
    path = f"/v1/jobs/{job}/{address}"
    tag = service.http.get(path).headers["etag"]
    assert service.http.get(path, headers={"If-None-Match": tag}).status_code == 304
    record(service.db, claim(service.db), 1)
    assert service.http.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert service.http.get(f"/v1/jobs/j_none/{address}").status_code == 404
