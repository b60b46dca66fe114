"""best_method's budget, its corrected comparisons, and that it names a winner only where there is one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from api.services.comparison.statistics import p_value, paired
from api.services.studies.best_method.answer import answer_of
from api.services.studies.best_method.budget import FEWEST_RUNS, allotted
from api.services.studies.best_method.holm import corrected_pairs

ACCURACY = "test/balanced_accuracy"
SPEC = {
    "name": "Best method for fraud",
    "dataset": {"name": "fraud", "validation_fraction": 0.1},
    "model": {"name": "mlp"},
    "search": {"sampler": "grid"},
    "epochs": 30,
}


def row(method: str, values: list[float]) -> dict[str, object]:
    """A row of a job's summary."""
    spread = {"seeds": list(range(len(values))), "values": values}
    return {"point": {"method": method}, "metrics": {ACCURACY: spread}, "missing_seeds": []}


def answer(*rows: dict[str, object]) -> dict[str, object]:
    return answer_of(rows, SPEC, metric=ACCURACY, tried=12, fraction=None)


@given(st.integers(FEWEST_RUNS, 400), st.integers(1, 40), st.integers(1, 200))
def test_a_budget_is_kept_and_used(runs: int, candidates: int, epochs: int) -> None:
    allotment = allotted(runs, candidates=candidates, epochs=epochs)
    assert 1 <= allotment.finalists <= allotment.trials <= candidates
    spent = allotment.trials + allotment.finalists * (allotment.seeds - 1)
    assert spent <= runs
    assert spent > runs - allotment.finalists or allotment.seeds == 10 or allotment.trials == candidates
    if allotment.min_epochs is not None:
        assert 1 <= allotment.min_epochs < epochs
        assert allotment.trials // (4 if 4 * allotment.min_epochs <= epochs + 3 else 2) >= allotment.finalists


def test_pairs_are_those_of_scipy_and_holm() -> None:
    draw = random.Random(5)
    samples = [{seed: draw.gauss(mean, 0.01) for seed in range(5)} for mean in (0.90, 0.905, 0.93, 0.97)]
    pairs = corrected_pairs(samples)
    plain = {
        (pair.a, pair.b): float(stats.ttest_rel([*samples[pair.a].values()], [*samples[pair.b].values()]).pvalue)
        for pair in pairs
    }
    largest, expected = 0.0, {}
    for rank, (places, p) in enumerate(sorted(plain.items(), key=lambda item: item[1])):
        largest = expected[places] = max(largest, min(1.0, (len(plain) - rank) * p))
    assert {(pair.a, pair.b): pair.p_value for pair in pairs} == pytest.approx(expected, rel=1e-6)
    for pair in pairs:
        assert pair.difference.confidence_interval is not None
        low, high = pair.difference.confidence_interval
        assert pair.decided == (low > 0 or high < 0)
    assert {pair.decided for pair in pairs} == {True, False}


@pytest.mark.parametrize("n", [2, 3, 6, 30])
def test_p_values_are_those_of_scipy(n: int) -> None:
    draw = random.Random(n)
    a, b = ({seed: draw.gauss(mean, 1.0) for seed in range(n)} for mean in (0.0, 0.8))
    assert p_value(paired(a, b)) == pytest.approx(stats.ttest_rel([*a.values()], [*b.values()]).pvalue, rel=1e-6)
    interval = paired(a, b, confidence=0.999).confidence_interval
    differences = [a[seed] - b[seed] for seed in a]
    expected = stats.t.interval(0.999, n - 1, loc=sum(differences) / n, scale=stats.sem(differences))
    assert interval == pytest.approx(expected, rel=1e-6)


def test_a_winner_is_ahead_of_every_other_and_is_trained_again_on_all_data() -> None:
    noise = [0.000, 0.004, -0.003, 0.002, -0.001]
    found = answer(
        row("la_lpl", [0.90 + each for each in noise]),
        row("logit_adjustment", [0.93 - each for each in noise]),
        row("lpl", [0.85 + each / 2 for each in noise]),
        row("focal", [0.99]),
    )
    assert found["winner"] == {"label": "logit_adjustment", "point": {"method": "logit_adjustment"}}
    assert str(found["text"]).startswith(
        "logit_adjustment is best: balanced accuracy 92.96 % ± 0.27 %, 5 seeds, ahead of la_lpl by 2.92"
    )
    assert found["spec"] == {
        "dataset": {"name": "fraud", "validation_fraction": 0.0},
        "model": {"name": "mlp"},
        "epochs": 30,
        "method": "logit_adjustment",
        "seeds": [0, 1, 2, 3, 4],
    }


def test_without_a_winner_none_is_named() -> None:
    found = answer(row("lpl", [0.90, 0.91, 0.92]), row("focal", [0.91, 0.90, 0.92]), row("la", [0.7, 0.71, 0.72]))
    assert (found["winner"], found["spec"]) == (None, None)
    assert "No winner" in str(found["text"])
    assert "la cannot" not in str(found["text"])


@pytest.mark.parametrize("values", [[0.5, 0.5, 0.5], [0.1, 0.4, 0.7]])
def test_methods_that_are_equal_or_apart_by_rounding_alone_have_no_winner(values: list[float]) -> None:
    found = answer(row("lpl", values), row("focal", [value + 0.1 for value in values]), row("la", values))
    assert found["winner"] is None
    assert answer(row("lpl", values), row("la", values))["winner"] is None


def test_of_equal_methods_a_winner_is_named_in_less_than_one_of_twenty_cases() -> None:
    draw = random.Random(1)
    named = 0
    for _ in range(400):
        named += (
            answer(*(row(f"m{k}", [draw.gauss(0.8, 0.01) for _ in range(5)]) for k in range(4)))["winner"] is not None
        )
    assert named <= 20


def test_few_results_are_said_to_be_few() -> None:
    assert "nothing is beside it" in str(answer(row("lpl", [0.9, 0.8]), row("focal", [0.7]))["text"])
    assert str(answer(row("lpl", [0.9]))["text"]).startswith("No answer")
