"""LPL's bounds by class over HTTP, against the paper's formulas worked out here."""

import math
import time
from typing import Any

import httpx
import pytest

from lplcore import long_tail_counts

COUNTS = [40, 500, 5, 120, 0, 40]
RANKS = [3, 1, 5, 2, 6, 4]


def bounds(http: httpx.Client, **question: Any) -> dict[str, Any]:
    """The answer to a question."""
    answer = http.post("/v1/bounds", json=question)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def errors(http: httpx.Client, **question: Any) -> list[dict[str, str]]:
    """Paths and messages of what is wrong with a question."""
    answer = http.post("/v1/bounds", json=question)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    problems: list[dict[str, str]] = answer.json()["errors"]
    return problems


def expected(*, head_ranks: float, epsilon: float, delta: float, head_scale: float) -> list[float]:
    """Eq. 33: head n_c / n_1, tail n_C / n_c, a class without examples epsilon alone."""
    return [
        epsilon + delta * (0 if n == 0 else head_scale * n / 500 if rank <= head_ranks else 5 / n)
        for n, rank in zip(COUNTS, RANKS, strict=True)
    ]


def test_a_long_tail_has_the_bounds_of_eq_33(refusing: httpx.Client) -> None:
    options = {"name": "lpl", "threshold": 0.4, "epsilon": 0.5, "delta_epsilon": 1.5, "head_scale": 0.6}
    answer = bounds(refusing, class_counts=COUNTS, perturbation=options)
    epsilon = expected(head_ranks=2, epsilon=0.5, delta=1.5, head_scale=0.6)
    assert answer["epsilon"] == pytest.approx(epsilon)
    assert answer["steps"] == [math.floor(e / 0.1 + 1e-9) for e in epsilon]
    assert answer["sign"] == [1, -1, 1, -1, 1, 1]
    assert answer["order"] == [1, 3, 0, 5, 2, 4]
    assert answer["tau"] == pytest.approx(2)
    assert (answer["task"], answer["class_counts"], answer["largest_epsilon"]) == ("single_label", COUNTS, 2.0)


@pytest.mark.parametrize(("threshold", "head"), [(0, 0), (3, 3), (7, 6), (0.99, 4), (1, 1)])
def test_a_threshold_is_a_share_or_a_rank(refusing: httpx.Client, threshold: float, head: int) -> None:
    answer = bounds(refusing, class_counts=COUNTS, perturbation={"name": "lpl", "threshold": threshold})
    assert answer["sign"] == [-1 if rank <= head else 1 for rank in RANKS]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"step_size": 0.15}, 3),
        ({"step_size": 0.15, "step_rounding": "nearest"}, 3),
        ({"step_size": 0.15, "step_rounding": "exact"}, 4),
        ({"num_steps": 1}, 1),
    ],
)
def test_steps_are_rounded_as_asked(refusing: httpx.Client, options: dict[str, Any], steps: int) -> None:
    options = {"name": "lpl", "epsilon": 0.5, "delta_epsilon": 0, **options}
    assert bounds(refusing, class_counts=[9, 3], perturbation=options)["steps"] == [steps, steps]


def test_multi_label_has_its_own_defaults_and_no_steps_in_closed_form(refusing: httpx.Client) -> None:
    answer = bounds(refusing, class_counts=COUNTS, task="multi_label", perturbation="lpl")
    assert answer["epsilon"] == pytest.approx(expected(head_ranks=2.5, epsilon=0, delta=0.2, head_scale=1))
    assert (answer["steps"], answer["tau"]) == (None, 2.5)
    walk = bounds(refusing, class_counts=COUNTS, task="multi_label", perturbation={"name": "lpl", "form": "pgd"})
    assert walk["epsilon"] == answer["epsilon"]
    assert walk["steps"] == [math.ceil(e / 0.05 - 1e-9) for e in answer["epsilon"]]


def test_the_balanced_split_follows_q(refusing: httpx.Client) -> None:
    q = [0.9, 0.5, 0.2, None]
    options = {"name": "lpl", "split": "performance", "delta_epsilon": 1.0}
    answer = bounds(refusing, class_counts=[10] * 4, perturbation=options, q=q)
    tau = 1.6 / 3
    assert answer["tau"] == pytest.approx(tau)
    assert answer["sign"] == [-1, 1, 1, None]
    assert answer["epsilon"][:3] == pytest.approx([0.3 + abs(tau - each) for each in (0.9, 0.5, 0.2)])
    assert answer["steps"] == [66, 33, 63, None]
    assert answer["epsilon"][3] is None


def test_without_q_what_depends_on_it_is_null(refusing: httpx.Client) -> None:
    split = bounds(refusing, class_counts=[9, 3], perturbation={"name": "lpl", "split": "performance"})
    assert (split["sign"], split["tau"]) == ([None, None], None)
    assert (split["epsilon"], split["steps"]) == ([0.3, 0.3], [30, 30])
    ratio = bounds(refusing, class_counts=[9, 3], perturbation={"name": "lpl", "bound_from": "performance"})
    assert (ratio["sign"], ratio["epsilon"], ratio["steps"]) == ([1, 1], [None, None], [None, None])
    assert ratio["largest_epsilon"] == 2.0
    options = {"name": "lpl", "bound_from": "performance", "threshold": 1}
    ratio = bounds(refusing, class_counts=[9, 3], perturbation=options, q=[0.8, 0.4])
    assert ratio["epsilon"] == pytest.approx([2.0, 2.0])


def test_a_data_set_gives_its_counts(refusing: httpx.Client) -> None:
    dataset = {"name": "digits", "imbalance_factor": 20}
    answer = bounds(refusing, dataset=dataset, perturbation="lpl")
    checked = refusing.post("/v1/jobs/validate", json={"dataset": dataset, "method": "lpl"}).json()
    assert answer["class_counts"] == checked["class_counts"]
    assert answer["task"] == "single_label"
    assert sorted(answer["sign"]) == [-1] * 4 + [1] * 6


def test_8142_classes_take_milliseconds(refusing: httpx.Client) -> None:
    counts = long_tail_counts(1000, 8142, imbalance_factor=500)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        answer = bounds(refusing, class_counts=counts, perturbation="lpl")
        seconds.append(time.perf_counter() - began)
    assert len(answer["epsilon"]) == 8142
    assert min(seconds) < 0.5


@pytest.mark.parametrize(
    ("question", "path", "message"),
    [
        ({}, "perturbation", "is required"),
        ({"perturbation": "lpl"}, "class_counts", "not both"),
        ({"perturbation": "lpl", "class_counts": [1, 2], "dataset": "digits"}, "class_counts", "not both"),
        ({"perturbation": "lpl", "class_counts": [0, 0]}, "class_counts", "zero"),
        ({"perturbation": "lpl", "class_counts": [3]}, "class_counts", "at least 2"),
        ({"perturbation": "lpl", "class_counts": [3, -1]}, "class_counts.1", "greater than or equal to 0"),
        ({"perturbation": "lpm", "class_counts": [3, 1]}, "perturbation.name", "did you mean 'lpl'?"),
        ({"perturbation": 5, "class_counts": [3, 1]}, "perturbation", "name of a perturbation"),
        ({"perturbation": "logit_adjustment", "class_counts": [3, 1]}, "perturbation.name", "'lpl' has"),
        ({"perturbation": {"name": "lpl", "epsilon": -1}, "class_counts": [3, 1]}, "perturbation.epsilon", "greater"),
        (
            {"perturbation": {"name": "lpl", "threshold": 9}, "class_counts": [3, 1]},
            "perturbation.threshold",
            "outside",
        ),
        ({"perturbation": {"name": "lpl", "eps": 1}, "class_counts": [3, 1]}, "perturbation.eps", "epsilon"),
        ({"perturbation": {"name": "lpl", "form": "pgd"}, "class_counts": [3, 1]}, "perturbation.form", "multi_label"),
        ({"perturbation": "lpl", "class_counts": [3, 1], "q": [0.5]}, "q", "an entry per class: 2"),
        ({"perturbation": "lpl", "class_counts": [3, 1], "q": [0.5, 2]}, "q.1", "less than or equal to 1"),
        ({"perturbation": "lpl", "dataset": "digit"}, "dataset.name", "did you mean 'digits'?"),
        (
            {"perturbation": "lpl", "dataset": {"name": "digits", "imbalance_factor": 0.1}},
            "dataset.imbalance",
            "give 10",
        ),
        ({"perturbation": "lpl", "dataset": "digits", "task": "multi_label"}, "task", "leave it out"),
        ({"perturbation": "lpl", "class_counts": [3, 1], "counts": [3]}, "counts", "Extra inputs"),
    ],
)
def test_what_is_wrong_is_named(refusing: httpx.Client, question: dict[str, Any], path: str, message: str) -> None:
    first = errors(refusing, **question)[0]
    assert first["path"].startswith(path)
    assert message in first["message"]
