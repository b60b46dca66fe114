"""Comparing jobs and runs, and exporting result tables, over HTTP."""

import csv
import io
import statistics
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from store import comparison
from store.database.engine import Database
from tests.api.service import Running, running
from tests.api.sides import ERROR, epoch, finish, job_with, start

GOOD, BAD, NEAR = [0.10, 0.12, 0.11], [0.20, 0.19, 0.22], [0.11, 0.12, 0.105]
METHODS = {"method": ["lpl", "cross_entropy"]}


def compare(http: httpx.Client, query: str) -> dict[str, Any]:
    answer = http.get(f"/v1/compare?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def grouped(value: float) -> dict[str, float | None]:
    """Metrics of groups too; few has no example."""
    return {ERROR: value, f"{ERROR}.many": value / 2, f"{ERROR}.few": None, "train/loss": 3.0}


def test_points_jobs_and_runs_are_sides(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        swept = job_with(service, GOOD, BAD, sweep=METHODS, record=grouped)
        alone = job_with(service, NEAR, method={"alias": "lpl", "threshold": 0.3}, record=grouped)
        run = service.http.get(f"/v1/jobs/{alone}").json()["runs"][2]["id"]
        found = compare(service.http, f"job={swept}&job={alone}&run={run}&job={swept}")
        assert [(side["job"], side["run"]) for side in found["sides"]] == [
            *[(swept, None)] * 2,
            (alone, None),
            (alone, run),
        ]
        assert [side["method"] for side in found["sides"]] == ["lpl", "cross_entropy", "lpl", "lpl"]
        assert len({side["label"] for side in found["sides"]}) == 4
        assert found["sides"][2]["label"].startswith("lpl threshold=0.3")
        assert found["sides"][3]["seeds"] == [2]
        assert found["configuration"]["method.perturbations.0.threshold"] == [0.4, None, 0.3, 0.3]
        assert not [path for path in found["configuration"] if path.split(".")[0] != "method"]
        assert list(found["metrics"]) == [ERROR, f"{ERROR}.many", f"{ERROR}.few"]
        assert found["metrics"][ERROR][0] == {
            "mean": pytest.approx(0.11),
            "std": pytest.approx(statistics.stdev(GOOD)),
            "n": 3,
            "values": GOOD,
            "seeds": [0, 1, 2],
        }
        assert found["metrics"][f"{ERROR}.few"][0]["n"] == 0


def test_differences_are_paired_by_seed(service: Running) -> None:
    job = job_with(service, GOOD, BAD, sweep=METHODS)
    other = job_with(service, [0.1], method="cross_entropy", seeds=[1])
    pairs = compare(service.http, f"job={job}&job={other}")["pairs"]
    assert [(pair["a"], pair["b"], pair["n"]) for pair in pairs] == [(0, 1, 3), (0, 2, 1), (1, 2, 1)]
    differences = [a - b for a, b in zip(GOOD, BAD, strict=True)]
    error = statistics.stdev(differences) / 3**0.5
    assert pairs[0]["difference"] == pytest.approx(statistics.fmean(differences))
    assert pairs[0]["standard_error"] == pytest.approx(error)
    low, high = pairs[0]["confidence_interval"]
    assert (high - low) / 2 == pytest.approx(4.302652729911275 * error)
    assert (pairs[0]["paired_by"], pairs[0]["decided"], pairs[0]["note"]) == ("seed", True, None)
    assert pairs[1]["difference"] == pytest.approx(0.02)
    assert (pairs[1]["confidence_interval"], pairs[1]["decided"]) == (None, False)
    assert "one seed" in pairs[1]["note"]


def test_curves_are_bands_over_seeds(service: Running) -> None:
    job = job_with(service, GOOD, BAD, sweep=METHODS)
    found = compare(service.http, f"job={job}")["series"]
    assert found["metric"] == ERROR
    first = found["sides"][0]
    assert (first["epoch"], first["n"]) == ([1, 2, 3], [3, 3, 3])
    assert first["mean"] == pytest.approx([0.33, 0.22, 0.11])
    assert first["std"] == pytest.approx([3 * 0.01, 2 * 0.01, 0.01])


@pytest.mark.parametrize(("most", "value", "epochs"), [("MOST_POINTS", 3, [1, 4, 7]), ("MOST_ROWS", 8, [1, 3, 5, 7])])
def test_long_curves_are_thinned_out_and_keep_their_last_epoch(
    service: Running, monkeypatch: pytest.MonkeyPatch, most: str, value: int, epochs: list[int]
) -> None:
    monkeypatch.setattr(comparison, most, value)
    job = service.submit(seeds=[0, 1])["id"]
    for _ in range(2):
        held = start(service.db)
        for number in range(1, 8):
            epoch(service.db, held, number, {ERROR: 1 / number}, epochs=7)
        finish(service.db, held)
    runs = [run["id"] for run in service.http.get(f"/v1/jobs/{job}").json()["runs"]]
    found = compare(service.http, f"run={runs[0]}&run={runs[1]}")["series"]["sides"]
    assert [side["epoch"] for side in found] == [epochs, epochs]


def test_runs_that_failed_or_wait_are_missing_seeds(service: Running) -> None:
    job = job_with(service, [0.1, 0.2, None, None], seeds=[0, 1, 2, 3])
    held = start(service.db)
    epoch(service.db, held, 1, {ERROR: 0.9})
    finish(service.db, held, "failed", reason="diverged")
    run = service.http.get(f"/v1/jobs/{job}").json()["runs"][2]["id"]
    found = compare(service.http, f"job={job}&run={run}")
    assert [side["missing_seeds"] for side in found["sides"]] == [[2, 3], [2]]
    assert [each["n"] for each in found["metrics"][ERROR]] == [2, 0]
    assert max(found["series"]["sides"][0]["n"]) == 2
    assert found["series"]["sides"][1]["epoch"] == []
    assert "n = 2" in service.http.get(f"/v1/compare?job={job}&run={run}&format=markdown").text


def test_what_is_missing_is_named(service: Running) -> None:
    job = service.submit()["id"]
    answer = service.http.get(f"/v1/compare?job={job}&job=j_none&run=r_none&job=j_other")
    assert answer.status_code == 404
    assert all(name in answer.json()["detail"] for name in ("job j_none", "job j_other", "run r_none"))


@pytest.mark.parametrize(
    ("sweep", "query", "said"),
    [
        ({}, "job={job}", "2 to 32"),
        ({}, "", "2 to 32"),
        ({"optimizer.lr": [n / 100 for n in range(1, 34)]}, "job={job}", "more than 32"),
        ({}, "job={job}&format=xml", "format"),
        ({}, "job={job}&jobs=x", "unknown query parameter"),
        ({}, "job=a b", "job"),
    ],
)
def test_what_cannot_be_compared_is_refused(service: Running, sweep: dict[str, Any], query: str, said: str) -> None:
    job = service.submit(sweep=sweep, method="cross_entropy")["id"]
    answer = service.http.get(f"/v1/compare?{query.format(job=job)}")
    assert answer.status_code == 422, answer.text
    assert said in answer.text


def test_the_table_has_data_sets_as_columns_where_there_are_several(service: Running) -> None:
    sweep = {**METHODS, "dataset.imbalance_factor": [10.0, 50.0]}
    job = job_with(service, GOOD, BAD, NEAR, GOOD, sweep=sweep)
    table = service.http.get(f"/v1/jobs/{job}/export").json()
    assert [column["dataset"] for column in table["columns"]] == ["digits 10:1", "digits 50:1"]
    assert [row["label"] for row in table["rows"]] == ["lpl", "cross_entropy"]
    means = [[cell["mean"] for cell in row["cells"]] for row in table["rows"]]
    assert sorted(round(mean, 6) for row in means for mean in row) == [0.11, 0.11, 0.111667, 0.203333]
    pairs = compare(service.http, f"job={job}")["pairs"]
    assert len([pair for pair in pairs if "different data" in (pair["note"] or "")]) == 4
    verdict = service.http.get(f"/v1/jobs/{job}").json()["verdict"]
    assert verdict["best"] is None
    assert verdict["text"].count("digits") == 2


def test_bold_is_only_what_is_ahead_beyond_the_noise(service: Running) -> None:
    clear, close = (job_with(service, GOOD, other, sweep=METHODS) for other in (BAD, NEAR))
    http = service.http
    assert "| lpl | **11.00 ± 1.00** |" in http.get(f"/v1/jobs/{clear}/export?format=markdown").text
    assert r"lpl & \textbf{11.00 $\pm$ 1.00} \\" in http.get(f"/v1/compare?job={clear}&format=latex").text
    assert "**" not in http.get(f"/v1/jobs/{close}/export?format=markdown").text
    assert "textbf" not in http.get(f"/v1/jobs/{close}/export?format=latex").text


@pytest.mark.parametrize(
    ("form", "media"), [("csv", "text/csv"), ("latex", "application/x-tex"), ("markdown", "text/markdown")]
)
def test_tables_are_files_and_cached(service: Running, form: str, media: str) -> None:
    job = job_with(service, GOOD, BAD, sweep=METHODS, name="=HYPERLINK()")
    path = f"/v1/jobs/{job}/export?format={form}"
    answer = service.http.get(path)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert job in answer.headers["content-disposition"]
    tag = {"If-None-Match": answer.headers["etag"]}
    assert service.http.get(path, headers=tag).status_code == 304
    assert service.http.get(f"/v1/compare?job={job}&format={form}").text == answer.text


def test_a_csv_has_all_digits(service: Running) -> None:
    job = job_with(service, GOOD, BAD, sweep=METHODS)
    text = service.http.get(f"/v1/jobs/{job}/export?format=csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["method"] for row in rows] == ["lpl", "cross_entropy"]
    assert float(rows[1]["top-1 error std"]) == statistics.stdev(BAD)


def test_a_job_without_results_has_a_table_without_columns(service: Running) -> None:
    job = service.submit(sweep=METHODS)["id"]
    table = service.http.get(f"/v1/jobs/{job}/export").json()
    assert (table["columns"], [row["label"] for row in table["rows"]]) == ([], ["lpl", "cross_entropy"])
    assert service.http.get(f"/v1/jobs/{job}").json()["verdict"] is None
    assert compare(service.http, f"job={job}")["series"]["metric"] is None
    assert service.http.get("/v1/jobs/j_none/export").status_code == 404


def test_a_job_says_its_verdict(service: Running) -> None:
    job = job_with(service, GOOD, BAD, sweep=METHODS)
    verdict = service.http.get(f"/v1/jobs/{job}").json()["verdict"]
    assert verdict["text"] == "best: lpl, top-1 error 11.0 ± 1.0 % (n = 3); ahead of cross_entropy by 9.3 ± 5.2"
    assert (verdict["best"], verdict["ahead_of"], verdict["metric"], verdict["n"]) == ("lpl", "cross_entropy", ERROR, 3)
    assert verdict["point"] == {"method": "lpl"}
    assert verdict["difference"] == pytest.approx(0.28 / 3)
    assert verdict["decided"]
    assert verdict == compare(service.http, f"job={job}")["verdict"]


def test_statements_do_not_grow_with_runs(sqlite: Database, tmp_path: Path) -> None:
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with running(sqlite, tmp_path) as service:
        job = job_with(service, [0.1] * 9, [0.2] * 9, sweep=METHODS)
        event.listen(sqlite.engine, "before_cursor_execute", note)
        compare(service.http, f"job={job}")
        event.remove(sqlite.engine, "before_cursor_execute", note)
    of_the_request = ("WHERE runs.job_id IN", "WHERE runs.id IN", "WHERE epochs.run_id IN")  # not the janitor's
    assert len([each for each in statements if any(part in each for part in of_the_request)]) == 3


def test_sides_metrics_and_the_curve_are_chosen(service: Running) -> None:
    job = job_with(service, GOOD, BAD, NEAR, sweep={"method": ["lpl", "cross_entropy", "focal"]}, record=grouped)
    found = compare(service.http, f"job={job}&side=2&side=0&metric=train/loss")
    assert [side["method"] for side in found["sides"]] == ["focal", "lpl"]
    assert found["series"]["metric"] == "train/loss"
    assert set(found["series"]["names"]) == {ERROR, f"{ERROR}.many", f"{ERROR}.few", "train/loss"}
    runs = [run["id"] for run in service.http.get(f"/v1/jobs/{job}").json()["runs"]]
    assert found["sides"][1]["runs"] == runs[:3]
    assert found["sides"][1]["epoch"] == 3
    table = service.http.get(f"/v1/compare?job={job}&side=0&metric={ERROR}.many&format=csv").text.splitlines()
    assert len(table) == 2
    assert table[0] == "method,many mean,many std,many n"
    refused = service.http.get(f"/v1/compare?job={job}&side=3")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "side"
