"""Differences, verdicts, labels and tables of a comparison, by themselves."""

import csv
import io
import math
import random

import pytest
from scipy.stats import t as student
from scipy.stats import ttest_rel

from api.services.comparison import labels, tables, verdict
from api.services.comparison.compared import bands
from api.services.comparison.ranking import lead
from api.services.comparison.statistics import paired, quantile
from api.services.comparison.tables import Cell, Column, Row, Table
from api.services.comparison.verdict import Contender

PRINTED = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 29: 2.045, 30: 2.042, 100: 1.984}
"""Student's t at 0.975 as tables print it."""


@pytest.mark.parametrize("freedom", [*PRINTED, 7, 64, 501, 1000])
def test_the_quantile_is_students(freedom: int) -> None:
    assert quantile(freedom) == pytest.approx(float(student.ppf(0.975, freedom)), rel=1e-12)
    assert round(quantile(freedom), 3) == PRINTED.get(freedom, round(quantile(freedom), 3))


def test_very_many_seeds_have_the_quantile_of_a_thousand() -> None:
    assert quantile(10**9) == quantile(1000) == pytest.approx(1.95996, rel=2e-3)


@pytest.mark.parametrize("n", [2, 3, 5, 30])
def test_a_paired_difference_is_that_of_the_t_test(n: int) -> None:
    draw = random.Random(n)
    a, b = ({seed: draw.gauss(0.2, 0.05) for seed in range(n)} for _ in range(2))
    found, told = paired(a, {**b, 99: 0.9}), ttest_rel(list(a.values()), list(b.values()))
    low, high = told.confidence_interval(0.95)
    assert found.n == n
    assert found.confidence_interval == pytest.approx((low, high), rel=1e-9)
    assert found.difference is not None
    assert found.standard_error is not None
    assert found.difference / found.standard_error == pytest.approx(told.statistic)
    assert found.decided == (told.pvalue < 0.05)
    assert ("two seeds" in (found.note or "")) == (n == 2)


def test_a_difference_by_hand() -> None:
    found = paired({0: 0.5, 1: 0.25, 2: 0.75}, {2: 0.25, 1: 0.125, 0: 0.25})
    # Differences 0.25, 0.125, 0.5; deviations from 7/24: -1/24, -4/24, 5/24.
    assert found.difference == pytest.approx(7 / 24)
    assert found.standard_error == pytest.approx(math.sqrt(42 / 24**2 / 2) / math.sqrt(3))
    assert found.margin == pytest.approx(4.302652729911275 * math.sqrt(42 / 24**2 / 6))


def test_one_seed_has_no_interval_and_none_no_difference() -> None:
    one, none = paired({0: 0.5, 1: 0.5}, {1: 0.25}), paired({0: 0.5}, {1: 0.25})
    assert (one.difference, one.standard_error, one.confidence_interval, one.n) == (0.25, None, None, 1)
    assert "one seed" in str(one.note)
    assert (none.difference, none.confidence_interval, none.n) == (None, None, 0)
    assert "no seed in common" in str(none.note)


def test_errors_are_better_when_lower_and_precisions_when_higher() -> None:
    samples = [{0: 0.3, 1: 0.31}, {}, {0: 0.2, 1: 0.21}]
    error, precision = lead(samples, "test/top1_error.few"), lead(samples, "test/mean_average_precision")
    assert error is not None
    assert precision is not None
    assert (error.best, error.runner_up, precision.best, precision.runner_up) == (2, 0, 0, 2)
    assert error.ahead is not None
    assert error.ahead.difference == pytest.approx(0.1)
    assert error.decided
    assert lead([{}, {}], "test/top1_error") is None


def said(*samples: dict[int, float], seeds: int = 3, waiting: bool = False, datasets: str = "dddd") -> str:
    contenders = [
        Contender(f"m{place}", datasets[place], {}, sample, seeds) for place, sample in enumerate(samples, start=0)
    ]
    found = verdict.verdict(contenders, "test/top1_error", waiting=waiting)
    return "" if found is None else found.text


def test_a_verdict_says_what_is_decided_and_what_is_noise() -> None:
    good, bad = {0: 0.10, 1: 0.11, 2: 0.12}, {0: 0.20, 1: 0.21, 2: 0.23}
    near = {0: 0.11, 1: 0.10, 2: 0.13}
    assert said(good, bad) == "best: m0, top-1 error 11.0 ± 1.0 % (n = 3); ahead of m1 by 10.3 ± 1.4"
    assert "its lead over m1, 0.3 ± 2.9, lies inside the noise" in said(good, near)
    assert said(good) == "m0, top-1 error 11.0 ± 1.0 % (n = 3)"
    assert (
        said(good, {}, waiting=True) == "best so far: m0, top-1 error 11.0 ± 1.0 % (n = 3); no other has a result yet"
    )
    assert "(n = 2 of 3)" in said({0: 0.1, 1: 0.2})
    assert "one seed" in said({0: 0.1}, {0: 0.2}, seeds=1)
    assert "ahead of m1 by 10.00 on the one seed that both have: no measure of the noise" in said({0: 0.1}, {0: 0.2})
    assert "no seed in common" in said({0: 0.1}, {1: 0.2})
    assert said(good, bad, datasets="ab").startswith("a: m0, top-1 error 11.0")
    assert said() == said({}, {}) == ""


def test_sides_are_told_apart_by_what_differs() -> None:
    specs = [{"lr": 0.1, "name": "x"}, {"lr": 0.2, "name": "y"}, {"lr": 0.1, "name": "z"}]
    ways = (labels.by_configuration(specs), labels.by_words(["j1", "j2", "j3"]))
    assert labels.told_apart(["a", "a", "b"], ["d", "d", "d"], *ways) == ["a lr=0.1", "a lr=0.2", "b"]
    assert labels.told_apart(["a", "a", "a"], ["d", "d", "d"], *ways) == ["a lr=0.1 j1", "a lr=0.2", "a lr=0.1 j3"]
    assert labels.told_apart(["a", "a"], ["d", "e"], labels.by_words(["1", "2"])) == ["a", "a"]
    assert labels.told_apart(["a", "a"], ["d", "d"], labels.by_words(["", ""])) == ["a #1", "a #2"]


def test_what_differs_is_told_by_its_path() -> None:
    plug_in = {"name": "lpl", "threshold": 0.4, "epsilon": 0.0}
    specs = [
        {"name": "a", "seeds": [1], "method": {"perturbations": [plug_in], "weighting": None}},
        {"name": "b", "seeds": [2], "method": {"perturbations": [], "weighting": {"name": "w", "beta": 1}}},
        {"name": "c", "seeds": [3], "method": {"perturbations": [plug_in | {"threshold": 0.5}], "weighting": None}},
    ]
    assert labels.differing(specs) == {
        "method.perturbations.0.name": ["lpl", None, "lpl"],
        "method.perturbations.0.threshold": [0.4, None, 0.5],
        "method.weighting.name": [None, "w", None],
    }
    assert labels.differing([specs[0], specs[0]]) == {}


def test_a_band_has_the_mean_and_deviation_of_every_epoch() -> None:
    (band, none) = bands(2, [(0, 2, 0.5), (0, 1, 1.0), (0, 2, 0.25), (0, 2, 0.75)])
    assert (band.epoch, band.mean, band.n) == ([1, 2], [1.0, 0.5], [1, 3])
    assert band.std == [None, pytest.approx(0.25)]
    assert none.epoch == []


def hostile(label: str) -> Table:
    cells: list[Cell | None] = [Cell(0.25, 0.01, 2, 3, True), None]
    return Table([Column("error & more", "m", "d"), Column("=few", "f", "d")], [Row(label, cells)])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_a_csv_runs(start: str) -> None:
    text = tables.as_csv(hostile(f'{start}cmd|" /C calc"!A0'))
    head, row = csv.reader(io.StringIO(text, newline=""))
    assert row[0] == f'\'{start}cmd|" /C calc"!A0'
    assert head[4] == "'=few mean"
    assert row[1:] == ["0.25", "0.01", "2", "", "", "0"]


def test_latex_shows_every_character_as_it_is() -> None:
    text = tables.as_latex(hostile("a&b%c$d#e_f{g}h~i^j\\k<l>"))
    line = text.splitlines()[-3]
    shown = r"a\&b\%c\$d\#e\_f\{g\}h\textasciitilde{}i\textasciicircum{}j\textbackslash{}k\textless{}l\textgreater{}"
    assert line == rf"{shown} & \textbf{{25.00 $\pm$ 1.00 (n = 2)}} & -- \\"


def test_markdown_shows_every_character_as_it_is() -> None:
    text = tables.as_markdown(hostile("a|b *c* `d` <e> [f](g)\nh"))
    assert r"| a\|b \*c\* \`d\` \<e\> \[f\](g) h | **25.00 ± 1.00 (n = 2)** | – |" in text.splitlines()
