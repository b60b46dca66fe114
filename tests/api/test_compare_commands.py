"""`lpl compare`, `lpl export` and the client's calls, against the real service."""

import csv
import json
from pathlib import Path

import pytest

from client import ApiError, Client
from client.cli import status
from tests.api.service import Running
from tests.api.sides import ERROR, job_with

GOOD, BAD = [0.10, 0.12, 0.11], [0.20, 0.19, 0.22]
METHODS = {"method": ["lpl", "cross_entropy"]}


def said(capsys: pytest.CaptureFixture[str], service: Running, *arguments: str, expected: int = 0) -> str:
    """What a command printed."""
    assert status(["--url", service.url, *arguments]) == expected
    captured = capsys.readouterr()
    return captured.err if expected else captured.out


def test_the_client_compares(service: Running) -> None:
    swept = job_with(service, GOOD, BAD, sweep=METHODS, name="swept")
    job_with(service, BAD, method="cross_entropy", name="alone")
    with Client(service.url) as client:
        run = client.runs("alone")[1]
        found = client.compare(swept, "alone", runs=[run])
        assert [side.method for side in found.sides] == ["lpl", "cross_entropy", "cross_entropy", "cross_entropy"]
        assert found.sides[3].run == run.id
        assert found.metrics[ERROR][0].mean == pytest.approx(0.11)
        assert found.pairs[0].confidence_interval is not None
        assert found.series.sides[0].epoch == [1, 2, 3]
        assert found.verdict is not None
        assert found.verdict.text.startswith("best: lpl")
        assert client.comparison_table(swept, format="latex").count(r"\textbf") == 1
        assert client.result_table("swept").startswith("| method | top-1 error |")
        verdict = client.get_job(swept).verdict
        assert verdict is not None
        assert verdict.decided
        with pytest.raises(ApiError, match="2 to 32"):
            client.compare("alone")
        with pytest.raises(ApiError, match="no job j_0123456789abcdef01234567"):
            client.comparison_table(swept, "j_0123456789abcdef01234567", format="csv")


def test_comparing_prints_the_verdict_the_results_and_the_differences(
    service: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    job = job_with(service, GOOD, BAD, sweep=METHODS, name="swept")
    text = said(capsys, service, "compare", "swept")
    order = ["best: lpl", "top-1 error %", "11.00 ± 1.00", "what differs", "method.alias", "difference by seed"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "lpl − cross_entropy" in text
    assert "-9.33*" in text
    assert "best: lpl" in said(capsys, service, "show", job)
    assert json.loads(said(capsys, service, "compare", job, "--json"))["sides"][0]["method"] == "lpl"
    assert "2 to 32" in said(capsys, service, "compare", expected=1)


def test_tables_are_printed_or_written(service: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    job = job_with(service, GOOD, BAD, sweep=METHODS)
    runs = [run["id"] for run in service.http.get(f"/v1/jobs/{job}").json()["runs"]]
    assert said(capsys, service, "export", job, "--latex").splitlines()[1] == r"\begin{tabular}{lr}"
    assert said(capsys, service, "compare", job, "--markdown").startswith("| method |")
    table = said(capsys, service, "compare", "--run", runs[0], "--run", runs[3], "--csv").splitlines()
    assert [row["method"] for row in csv.DictReader(table)] == ["lpl", "cross_entropy"]
    file = tmp_path / "table.csv"
    assert str(file) in said(capsys, service, "export", job, "-o", str(file)).replace("\n", "")
    assert file.read_bytes().count(b"\r\n") == 3
    assert "is a folder" in said(capsys, service, "export", job, "-o", str(tmp_path), expected=1)
    assert "one format at a time" in said(capsys, service, "export", job, "--csv", "--latex", expected=1)
