"""Reports by class: figures of the confusion, against scikit-learn's; of runs, of jobs, and of very many classes."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import precision_recall_fscore_support

from api.services.class_report import measured
from client import Client
from client.class_report import MeanOverRuns
from client.cli import status
from store import metrics
from store.database.engine import Database
from store.database.records import Series
from tests.api.service import Running, calibration
from tests.api.sides import finish, start
from tests.store.databases import writing

NAMES = ["cat", "=dog", "bird|x", "never tested"]
MATRIX = np.array([[8, 2, 0, 0], [3, 5, 2, 0], [1, 4, 5, 0], [0, 0, 0, 0]], dtype="<f4")


def array(values: npt.ArrayLike) -> Series:
    """Values as the store keeps them."""
    stored = np.asarray(values, dtype="<f4")
    return Series(stored.shape, stored.tobytes())


def trained(
    service: Running, *series: Mapping[str, Series], classes: int = 4, names: list[str] = NAMES, **spec: Any
) -> dict[str, Any]:
    """A job whose runs end having measured these, in their order."""
    job: dict[str, Any] = service.submit(**spec)
    for own in series:
        held = start(service.db, classes=classes, names=names)
        record_last(service.db, held, own)
        finish(service.db, held)
    found: dict[str, Any] = service.http.get(f"/v1/jobs/{job['id']}").json()
    return found


def record_last(db: Database, held: Any, series: Mapping[str, Series]) -> None:
    values = {"test/top1_error": 0.1}
    writing(db, metrics.record_epoch, held, epoch=3, epochs=3, metrics=values, series=series)


def of_run(service: Running, job: Mapping[str, Any], place: int = 0, form: str = "json") -> Any:
    answer = service.http.get(f"/v1/runs/{job['runs'][place]['id']}/class-report", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer.json() if form == "json" else answer.text


def of_job(service: Running, job: Mapping[str, Any], **params: Any) -> Any:
    answer = service.http.get(f"/v1/jobs/{job['id']}/class-report", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json() if "format" not in params else answer.text


def test_figures_of_a_run_are_scikit_learns(service: Running) -> None:
    job = trained(service, {"confusion_matrix": array(MATRIX), "calibration": calibration()})
    report = of_run(service, job)
    counts = MATRIX.astype(int)
    true, predicted = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices((4, 4)))
    expected = precision_recall_fscore_support(true, predicted, labels=range(4), zero_division=np.nan)
    for row, precision, recall, f1, support in zip(report["classes"], *expected, strict=True):
        ours = [row["precision"], row["recall"], row["f1"]]
        assert [np.nan if x is None else x for x in ours] == pytest.approx([precision, recall, f1], nan_ok=True)
        assert row["test_count"] == support
        assert row["average_precision"] is None
    assert [row["training_count"] for row in report["classes"]] == [40, 39, 38, 37]
    assert report["most_confused"][:2] == [
        {"true": 2, "predicted": 1, "count": 4, "share": 0.4},
        {"true": 1, "predicted": 0, "count": 3, "share": 0.3},
    ]
    assert [pair["predicted"] for pair in report["classes"][1]["confused_with"]] == [0, 2]
    assert report["classes"][3]["confused_with"] == []
    assert report["calibration"]["error"] == pytest.approx((2 * 0.0 + 2 * 0.375) / 4)
    assert report["calibration"]["bins"][13]["examples"] == 2
    assert (report["task"], report["epoch"]) == ("single_label", 3)
    assert report["notes"] == ["average precision is measured of multi-label data alone"]


def test_a_job_has_means_and_deviations_over_the_seeds_of_each_point(service: Running) -> None:
    other = MATRIX.copy()
    other[0] = [4, 6, 0, 0]
    runs = [{"confusion_matrix": array(each)} for each in (MATRIX, other, MATRIX)]
    job = trained(service, *runs, seeds=[0, 1], sweep={"method": ["lpl", "cross_entropy"]})
    answer = of_job(service, job)
    first, second = answer["points"]
    assert (first["label"], first["seeds"], second["seeds"], answer["left_out"]) == ("lpl", [0, 1], [0], 0)
    assert first["classes"][0]["recall"] == {"mean": pytest.approx(0.6), "std": pytest.approx(0.2 * 2**0.5), "n": 2}
    assert second["classes"][0]["recall"] == {"mean": pytest.approx(0.8), "std": None, "n": 1}
    assert first["classes"][3]["recall"] == {"mean": None, "std": None, "n": 0}
    assert first["classes"][0]["test_count"] == 10
    assert first["most_confused"][0] == {"true": 0, "predicted": 1, "count": 8, "share": 0.4}
    assert of_job(service, job, point=1)["points"] == [second]
    assert "the points are 0 to 1" in service.http.get(f"/v1/jobs/{job['id']}/class-report?point=2").text


MULTI_LABEL = {"test/average_precision": array([0.9, 0.5, np.nan, 0.2]), "test/f1": array([0.8, 0, np.nan, 0.1])}


@pytest.mark.parametrize(
    ("threshold", "said"), [(0.3, "a probability of 0.3"), ("validation", "the best F1 on the validation split")]
)
def test_multi_label_runs_count_labels_predicted_and_present(
    service: Running, threshold: float | str, said: str
) -> None:
    counts = array([[8, 10, 6], [5, 0, 0], [0, 3, 0], [4, 4, 1]])
    dataset = {"name": "digit_sets", "imbalance_factor": 1, "validation_fraction": 0.2}
    series = {**MULTI_LABEL, "label_counts": counts}
    job = trained(service, series, dataset=dataset, method="r_bce", decision_threshold=threshold)
    report = of_run(service, job)
    rows = [(row["precision"], row["recall"], row["test_count"]) for row in report["classes"]]
    assert rows == [(0.6, 0.75, 8), (None, 0.0, 5), (0.0, None, 0), (0.25, 0.25, 4)]
    assert len(report["notes"]) == 1
    assert said in report["notes"][0]


def test_multi_label_runs_of_earlier_versions_say_what_is_not_kept(service: Running) -> None:
    report = of_run(service, trained(service, MULTI_LABEL))
    assert report["task"] == "multi_label"
    first, _, third, _ = report["classes"]
    assert [first["average_precision"], first["f1"]] == pytest.approx([0.9, 0.8])
    assert (first["precision"], first["recall"], first["test_count"], third["f1"]) == (None, None, None, None)
    assert report["notes"] == [
        "a label counts as predicted from a probability of 0.5",
        "precision, recall and test counts were not kept by the version that trained it",
    ]
    assert (report["most_confused"], report["calibration"]) == ([], None)


def test_tables_for_spreadsheets_run_nothing_and_keep_every_digit(service: Running) -> None:
    job = trained(service, {"confusion_matrix": array(MATRIX)}, {"confusion_matrix": array(MATRIX)}, seeds=[0, 1])
    (head, *rows) = csv.reader(io.StringIO(of_run(service, job, form="csv")))
    assert head[:4] == ["class", "training_count", "test_count", "precision"]
    assert rows[1][0] == "'=dog"
    assert dict(zip(head, rows[0], strict=True))["precision"] == repr(8 / 12)
    assert dict(zip(head, rows[2], strict=True))["confused_with"] == "'=dog"
    assert rows[3][2:7] == ["0", "", "", "", ""]
    (head, *rows) = csv.reader(io.StringIO(of_job(service, job, format="csv")))
    row = dict(zip(head, rows[0], strict=True))
    assert (row["point"], row["class"], row["recall mean"], row["recall std"], row["recall n"]) == (
        "lpl",
        "cat",
        "0.8",
        "0.0",
        "2",
    )


def test_tables_for_people_are_in_percent(service: Running) -> None:
    job = trained(service, {"confusion_matrix": array(MATRIX), "calibration": calibration()})
    text = of_run(service, job, form="markdown")
    assert r"| bird\|x | 38 | 10 | 71.43 | 50.00 | 58.82 | – | =dog (40.0 %) |" in text
    assert "expected calibration error 18.75 %" in text
    assert r"- bird\|x taken for =dog: 4 (40.0 % of its test examples)" in text
    assert "### lpl" in of_job(service, job, format="markdown")


def test_a_run_without_a_report_says_why(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    path = f"/v1/runs/{run}/class-report"
    assert "comes with the last epoch" in service.http.get(path).json()["detail"]
    held = start(service.db)
    writing(service.db, metrics.record_epoch, held, epoch=3, epochs=3, metrics={"train/loss": 1.0}, series={})
    finish(service.db, held)
    refused = service.http.get(path)
    assert (refused.status_code, "has no test examples" in refused.json()["detail"]) == (404, True)
    job = service.http.get(f"/v1/runs/{run}").json()["job"]
    assert service.http.get(f"/v1/jobs/{job}/class-report").json() == {"job": job, "points": [], "left_out": 0}


@pytest.mark.parametrize("name", ["confusion_matrix", "confusion_entries"])
def test_a_confusion_of_other_classes_than_the_runs_is_left_out(service: Running, name: str) -> None:
    larger = np.eye(5) if name == "confusion_matrix" else [[4, 0, 7]]
    job = trained(service, {name: array(larger)})
    assert service.http.get(f"/v1/runs/{job['runs'][0]['id']}/class-report").status_code == 404
    assert of_job(service, job)["points"] == []


def test_very_many_classes_come_from_entries_and_points_beyond_the_bound_are_left_out(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 8142
    rows = [[c, c, 2] for c in range(size)] + [[c, (c + 1) % size, 1] for c in range(0, size, 3)]
    series = {"confusion_entries": array(rows)}
    names = [f"species {c}" for c in range(size)]
    job = trained(
        service, series, series, classes=size, names=names, seeds=[0], sweep={"method": ["lpl", "cross_entropy"]}
    )
    report = of_run(service, job)
    assert report["classes"][3]["recall"] == pytest.approx(2 / 3)
    assert report["classes"][4]["precision"] == pytest.approx(2 / 3)
    assert len(report["most_confused"]) == 20
    monkeypatch.setattr(measured, "MOST_ROWS", 10_000)
    answer = of_job(service, job)
    assert ([point["label"] for point in answer["points"]], answer["left_out"]) == (["lpl"], 1)
    assert [point["label"] for point in of_job(service, job, point=1)["points"]] == ["cross_entropy"]


def test_of_very_many_runs_the_first_are_read_and_that_is_said(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "MOST_NUMBERS", 32)
    job = trained(service, *[{"confusion_matrix": array(MATRIX)}] * 3, seeds=[0, 1, 2])
    (point,) = of_job(service, job)["points"]
    assert point["seeds"] == [0, 1]
    assert "the first 2 of 3 runs" in point["notes"]


def test_the_client_and_the_command_line_tell_it(
    service: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    series = {"confusion_matrix": array(MATRIX), "calibration": calibration()}
    job = trained(service, series, series, seeds=[0, 1], name="by class")
    run = job["runs"][0]["id"]
    with Client(service.url) as client:
        report, points = client.class_report(run), client.job_class_report("by class")
    assert report.classes[0].recall == 0.8
    assert [pair.predicted for pair in report.classes[1].confused_with] == [0, 2]
    assert points.points[0].classes[0].recall == MeanOverRuns(mean=0.8, std=0.0, n=2)
    assert report.calibration is not None
    assert report.calibration.error == pytest.approx(0.1875)

    def said(*arguments: str) -> str:
        assert status(["--url", service.url, "report", *arguments]) == 0
        return capsys.readouterr().out

    assert "taken for =dog: 4 (40.00 %)" in said(run)
    assert "lpl, seeds 0, 1" in said(job["id"])
    assert "80.00 ± 0.00" in said("by class")
    assert said(run, "--csv").startswith("class,training_count")
    assert said(job["id"], "--markdown").startswith("### lpl")
    assert '"most_confused"' in said(run, "--json")
    assert (tmp_path / "t.csv").name in said(run, "--csv", "-o", str(tmp_path / "t.csv")).replace("\n", "")
    waiting = service.submit()["id"]
    assert "no run has succeeded yet" in said(waiting)
