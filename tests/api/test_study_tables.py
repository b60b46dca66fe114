"""What a study's table says: figures by hand, differences, what is missing and why, and its formats."""

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from api.schemas.studies import StudyAnswer, StudyCell, StudyColumn
from api.services.studies.measured import measured_rows
from api.services.studies.tables import as_csv, as_latex, as_markdown

ERROR = "test/top1_error"
COLUMNS = [
    StudyColumn(key="100:1", title="100:1", metric=ERROR),
    StudyColumn(key="loss", title="loss", metric="test/loss"),
]


def point(
    values: dict[int, float | None], *, missing: list[int] | None = None, waiting: list[int] | None = None, **where: Any
) -> dict[str, Any]:
    """A point of a job's summary with a metric, and another that every seed has."""
    present = {seed: value for seed, value in values.items() if value is not None}
    spread = {"seeds": list(present), "values": list(present.values())}
    every = {"seeds": list(values), "values": [1.0] * len(values)}
    return {
        "point": where,
        "metrics": {ERROR: spread, "test/loss": every} if values else {},
        "missing_seeds": missing or [],
        "waiting_seeds": waiting or [],
    }


def of_job(job: str | None, **more: Any) -> dict[str, Any]:
    return {"job": job, "metric": ERROR, **more}


SUMMARIES = {
    "a": [point({0: 0.2, 1: 0.3, 2: 0.4})],
    "b": [point({0: 0.1, 1: 0.25, 3: 0.9}, missing=[2])],
    "undefined": [point({0: None, 1: 0.5})],
    "swept": [point({0: 0.6}, lr=1), point({0: 0.7}, lr=2)],
    "open": [point({}, missing=[0, 1], waiting=[0, 1])],
    "failed": [point({}, missing=[0, 1])],
}


def cell(key: str = "100:1", **cells: dict[str, Any]) -> StudyCell:
    """The cell of a row of this name, of rows that have one each."""
    rows = [{"label": name, "method": "lpl", "cells": {key: each}} for name, each in cells.items()]
    return measured_rows(rows, SUMMARIES)[-1].cells[key]


def test_a_figure_is_set_beside_the_published_one_with_its_noise() -> None:
    near, far = (cell(row=of_job("a", published=published)) for published in (0.5, 0.6))
    assert (near.n, near.values, near.seeds) == (3, [0.2, 0.3, 0.4], [0, 1, 2])
    # t(2) = 4.303, s = 0.1: 0.3 +- 4.303 * 0.1 / sqrt(3)
    assert near.confidence_interval == pytest.approx([0.05159, 0.54841], abs=1e-5)
    assert [near.mean, near.std, near.difference] == pytest.approx([0.3, 0.1, -0.2])
    assert (near.differs, far.differs) == (False, True)
    alone = cell(row=of_job("swept", point={"lr": 2}, published=0.1))
    assert (alone.mean, alone.std, alone.confidence_interval, alone.differs) == (0.7, None, None, None)
    assert cell(row=of_job("a")).differs is None


def test_figures_of_other_data_are_neither_within_the_noise_nor_beyond_it() -> None:
    rows = [{"label": "row", "method": "lpl", "cells": {"100:1": of_job("a", published=0.6)}}]
    (row,) = measured_rows(rows, SUMMARIES, comparable=False)
    assert (row.cells["100:1"].published, row.cells["100:1"].differs) == (0.6, None)


def test_a_difference_is_of_the_seeds_that_both_have() -> None:
    derived = {"row": "a", "minus": "b"}
    found = cell(a=of_job("a"), b=of_job("b"), difference=of_job(None, derived=derived, published=-0.01))
    assert found.values == pytest.approx([0.1, 0.05])
    assert found.seeds == [0, 1]
    assert (found.missing, found.derived, found.job) == ([2], derived, None)
    assert found.difference == pytest.approx(0.085)
    waits = cell(a=of_job("a"), open=of_job("open"), difference=of_job(None, derived={"row": "a", "minus": "open"}))
    assert (waits.mean, waits.waiting) == (None, [0, 1])


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (of_job("undefined"), [0]),
        (of_job("failed"), [0, 1]),
        (of_job("j_gone"), ["job j_gone was deleted"]),
        (of_job(None, missing="cifar10 is not there: put it there"), ["cifar10 is not there: put it there"]),
        (of_job("swept"), ["job swept has 2 points of this kind, not one"]),
        (of_job("swept", point={"lr": 3}), ["its search has stopped it early, or not begun it"]),
        (of_job("a", best=True), ["the search has no best point"]),
    ],
)
def test_what_is_missing_is_said(given: dict[str, Any], missing: list[Any]) -> None:
    assert cell(row=given).missing == missing


def study(*rows: tuple[str, dict[str, Any]], notes: tuple[str, ...] = (), name: str = "Table IV") -> StudyAnswer:
    """A study with these rows of a cell each."""
    plan = [{"label": label, "method": "lpl", "cells": {"100:1": each}} for label, each in rows]
    return StudyAnswer(
        id="s_1", name=name, preset="table4", asked={}, state="succeeded", requested=None, progress=1.0,
        created_at=0, started_at=None, finished_at=None, jobs=[], columns=COLUMNS, rows=measured_rows(plan, SUMMARIES),
        notes=list(notes), citation="A paper, Table IV", comparable=True, figure=None, answer_due=False, answer=None,
    )  # fmt: skip


ROWS = (
    ("LA & co_1 τ 50%", of_job("a", published=0.2233)),
    ("=cmd()", of_job("b", published=0.1)),
    ("failed", of_job("failed")),
    ("waits", of_job("open")),
    ("LA - b", of_job(None, derived={"row": "LA & co_1 τ 50%", "minus": "=cmd()"}, published=-0.0036)),
)


def test_markdown_has_measured_beside_published_and_says_what_is_missing() -> None:
    text = as_markdown(study(*ROWS, notes=("a | b",)))
    lines = text.splitlines()
    assert lines[2:4] == ["| method | 100:1 | published | loss |", "| --- | ---: | ---: | ---: |"]
    assert lines[4] == "| LA \\& co\\_1 τ 50% | 30.00 ± 10.00 (n = 3) | 22.33 | – |"
    assert lines[5] == "| =cmd() | 41.67 ± 42.52 (n = 3 of 4) | 10.00 | – |"
    assert lines[6:8] == ["| failed | missing | – | – |", "| waits | waits | – | – |"]
    assert lines[8] == "| LA - b | +7.50 ± 3.54 (n = 2 of 3) | -0.36 | – |"
    assert "- a \\| b" in lines
    assert "- Missing (seed 2): =cmd(), 100:1; LA - b, 100:1." in lines
    assert "- Missing (seed 0, 1): failed, 100:1." in lines


def test_one_number_of_seeds_is_told_once() -> None:
    text = as_markdown(study(("a", of_job("a"))))
    assert "| a | 30.00 ± 10.00 | – |" in text
    assert "in percent (n = 3)." in text
    assert "published" not in text


def test_csv_has_fractions_and_runs_in_no_spreadsheet() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(study(*ROWS)))))
    first = rows[0]
    assert float(first["100:1 mean"]) == pytest.approx(0.3)
    assert (first["100:1 published"], first["100:1 n"], first["loss mean"]) == ("0.2233", "3", "")
    assert [row["method"] for row in rows] == ["LA & co_1 τ 50%", "'=cmd()", "failed", "waits", "LA - b"]
    assert (rows[1]["100:1 missing"], rows[2]["100:1 missing"]) == ("2", "0; 1")


def test_latex_has_the_rows_and_columns_escaped() -> None:
    text = as_latex(study(*ROWS))
    assert r" & \multicolumn{2}{c}{100:1} & \multicolumn{1}{c}{loss} \\" in text
    assert "\\cmidrule(lr){2-3}\n" in text
    assert r"Method & measured & published & measured \\" in text
    assert r"LA \& co\_1 $\tau$ 50\% & 30.00 $\pm$ 10.00 (n = 3) & 22.33 & -- \\" in text
    assert r"Method & 100:1 & loss \\" in as_latex(study(("a", of_job("a"))))
    for line in as_latex(study(("a\nb", of_job("a")), name="one\ntwo")).splitlines():
        assert line.startswith(("%", "\\", "Method", "a b")), line


@pytest.mark.slow
def test_latex_compiles_whatever_labels_hold(tmp_path: Path) -> None:
    pdflatex = shutil.which("pdflatex")
    if pdflatex is None:
        pytest.skip("there is no pdflatex")
    labels = ["\\input{x}", "a & b % c $ d # e _ f { g } ~ ^ <>|\"'", "τ ε λ é ß 漢 \u200b\x01", "–±"]
    table = as_latex(study(*[(label, of_job("a", published=0.1)) for label in labels], notes=("% 漢",)))
    head = r"\documentclass{article}\usepackage{booktabs}\usepackage[T1]{fontenc}\begin{document}"
    (tmp_path / "t.tex").write_text("\n".join([head, table, r"\end{document}"]))
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stdout.decode(errors="replace")[-2000:]


def test_published_figures_are_printed_as_they_stand() -> None:
    text = as_latex(study(*[(f"row {n}", of_job("a", published=n / 10_000)) for n in (5, 10, 2233)]))
    assert re.findall(r"& (\d+\.\d\d) & -- ", text) == ["0.05", "0.10", "22.33"]
