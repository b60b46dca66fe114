"""The report shows what was measured, and what is missing as missing."""

from pathlib import Path

import pytest
import torch

import lplcore
from benchmarks.environment import RESULTS
from benchmarks.evidence import margins
from benchmarks.evidence.cells import in_order_of_worth
from benchmarks.evidence.records import ERROR, FOLDER, Key, Record, read_all
from benchmarks.evidence.report import PAGE, page
from benchmarks.evidence.tables import difference, figure, read_json

METHODS = read_json(RESULTS / "method_evidence.json")


def record(method: str, seed: int, error: float) -> Record:
    """A result on CIFAR-100-LT."""
    return Record("cifar100_lt_100", 200, method, seed, {}, {ERROR: error}, [], [], [], 1.0)


def row(text: str, method: str) -> list[str]:
    """The cells of a method's first row."""
    line = next(line for line in text.splitlines() if line.startswith(f"| `{method}` |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_page_is_that_of_the_results() -> None:
    assert PAGE.read_text() == page(read_all(FOLDER), METHODS, FOLDER), "run: python -m benchmarks.evidence.report"


def test_without_results_every_cell_is_missing(tmp_path: Path) -> None:
    text = page({}, METHODS, tmp_path)
    assert row(text, "ldam_drw") == ["missing", "57.11", "-", "57.53", "-", "missing"]
    assert f"Of the {len(in_order_of_worth())} runs of 200 epochs that are asked for, 0 are there." in text


def test_a_figure_has_its_spread_its_seeds_and_those_that_are_missing(tmp_path: Path) -> None:
    results = [record("logit_adjustment", 0, 0.57), record("logit_adjustment", 1, 0.58), record("lpl", 1, 0.60)]
    results.append(record("lpl", 3, 0.62))
    text = page({each.key: each for each in results}, METHODS, tmp_path)
    assert row(text, "logit_adjustment") == [
        "57.50 ± 0.71 (n = 2, missing: 2, 3, 4)", "56.11", "55.94", "57.01", "+1.39", "-"
    ]  # fmt: skip
    assert row(text, "lpl")[-1] == "+2.00 (one seed)"


def test_differences_are_by_seed_with_students_interval() -> None:
    assert difference({0: 0.5, 1: 0.6, 2: 0.7}, {0: 0.49, 1: 0.57, 2: 0.68}) == "+2.00 [-0.48, +4.48]"
    assert difference({0: 0.5}, {1: 0.5}) == "missing"
    assert figure({}) == "missing"


def test_a_result_of_another_length_is_not_in_the_table(tmp_path: Path) -> None:
    short = Record("cifar100_lt_100", 15, "lpl", 0, {}, {ERROR: 0.5}, [], [], [], 1.0)
    assert row(page({short.key: short}, METHODS, tmp_path), "lpl")[0] == "missing"
    assert short.key == Key("cifar100_lt_100", 15, "lpl", 0)


@pytest.mark.parametrize(("method", "expected"), [("cross_entropy", 1.0), ("logit_adjustment", 0.0)])
def test_training_rests_at_the_prior_without_perturbation_and_at_equal_logits_with_las(
    method: str, expected: float
) -> None:
    counts = lplcore.long_tail_counts(500, 5, imbalance_factor=100)
    assert margins.slope(margins.at_rest(method, counts), counts) == pytest.approx(expected, abs=1e-3)


def test_margins_of_logit_adjustment_are_log_ratios_and_balance_every_pull() -> None:
    counts = [100, 10, 1]
    number = torch.tensor(counts, dtype=torch.float64)
    torch.testing.assert_close(margins.margins("logit_adjustment", counts), torch.log(number / number[:, None]))
    torch.testing.assert_close(margins.pull("logit_adjustment", counts), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(margins.pull("cross_entropy", counts)[2], torch.tensor(110 / 2, dtype=torch.float64))


def test_lpl_walks_as_far_as_its_bound_with_every_logit_equal() -> None:
    """With p_k = 1/C the walk is along e_c - 1/C, whose norm is sqrt((C - 1) / C)."""
    counts = [100, 10, 5]
    margin = margins.margins({"alias": "lpl", "num_steps": 1}, counts)
    bounds = torch.tensor([-2.0, 2 * 5 / 10, 2.0], dtype=torch.float64) * (3 / 2) ** 0.5
    torch.testing.assert_close(margin[:, 0][1:], bounds[1:])
    torch.testing.assert_close(margin[0, 1], bounds[0])
