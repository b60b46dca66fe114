"""best_method over HTTP: what is asked for, what is refused, and what it answers. A worker writes made-up figures."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from store import metrics
from store.database.records import Claim
from store.lifecycle import claims
from tests.api.service import Running, claim, running_alone
from tests.store.databases import claimed, writing

Figures = Callable[[str, int], float]
"""(method, seed) -> balanced accuracy."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_alone(tmp_path_factory.mktemp("best")) as served:
        yield served


def submit(service: Running, **changes: Any) -> dict[str, Any]:
    body = {
        "preset": "best_method",
        "dataset": {"name": "digits", "imbalance_factor": 20},
        "budget": {"runs": 20},
        "override": {"epochs": 8},
    }
    answer = service.http.post("/v1/studies", json=body | changes)
    assert answer.status_code == 201, answer.text
    study: dict[str, Any] = answer.json()
    return study


def work(service: Running, study_id: str, figures: Figures) -> dict[str, Any]:
    """Train every run with figures of one's own until the study has its answer."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        held = claimed(service.db, worker_id="w_test", device="cpu", lease_seconds=60)
        if held is not None:
            train(service, held, figures)
            continue
        study: dict[str, Any] = service.http.get(f"/v1/studies/{study_id}").json()
        if study["answer"] is not None:
            return study
        time.sleep(0.05)
    raise AssertionError("the study does not end")


def train(service: Running, held: Claim, figures: Figures) -> None:
    """Write the figures of a run up to its rung, or to its end."""
    value = figures(held.spec["method"]["alias"], held.seed)
    epoch, epochs = held.stop_epoch or held.spec["epochs"], held.spec["epochs"]
    values = {"test/balanced_accuracy": value, "validation/balanced_accuracy": value, "test/top1_error": 1 - value}
    for number in range(held.resume.epoch + 1 if held.resume else 1, epoch + 1):
        writing(service.db, metrics.record_epoch, held, epoch=number, epochs=epochs, metrics=values, series={})
    writing(service.db, claims.finish, held, outcome="at_rung" if held.stop_epoch else "succeeded")


def test_the_best_method_is_found_within_the_budget_and_said(service: Running) -> None:
    better = {"lade": 0.92, "logit_adjustment": 0.90}

    def figures(method: str, seed: int) -> float:
        return better.get(method, 0.80) + random.Random(f"{method} {seed}").uniform(-0.002, 0.002)

    study = work(service, submit(service)["id"], figures)
    assert study["state"] == "succeeded"
    answer = study["answer"]
    assert answer["winner"] == {"label": "lade", "point": {"method": "lade"}}
    assert answer["spec"]["method"] == "lade"
    assert service.http.post("/v1/jobs/validate", json=answer["spec"]).json()["runs_total"] == 5
    job = service.http.get(f"/v1/jobs/{study['jobs'][0]['id']}").json()
    assert job["runs_total"] <= 20
    assert [pair["n"] for pair in answer["pairs"]] == [5, 5, 5]
    states = [trial["state"] for trial in job["search"]["trials"]]
    assert {"pruned", "succeeded"} == set(states)
    missing = [reason for row in study["rows"] for reason in row["cells"]["test/balanced_accuracy"]["missing"]]
    assert missing == states.count("pruned") * ["its search has stopped it early, or not begun it"]
    assert "lade" in service.http.get(f"/v1/studies/{study['id']}/table?format=markdown").text


def test_where_all_methods_are_equal_none_is_named(service: Running) -> None:
    study = work(service, submit(service)["id"], lambda _, seed: 0.5 + random.Random(seed).random() / 10)
    assert study["answer"]["winner"] is None
    assert study["answer"]["spec"] is None
    assert study["answer"]["text"].startswith("No winner")


def test_time_that_is_over_ends_it_with_what_has_been_trained(service: Running) -> None:
    study = submit(service, budget={"hours": 1e-9})
    held = claim(service.db)
    deadline = time.monotonic() + 60
    while service.http.get(f"/v1/runs/{held.run_id}").json()["requested"] != "cancel":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    writing(service.db, claims.finish, held, outcome="cancelled")
    ended = work(service, study["id"], lambda *_: 0.5)
    assert (ended["state"], ended["answer"]["spec"]) == ("cancelled", None)
    assert ended["answer"]["text"].startswith("No answer")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"budget": {"runs": 5}}, "budget.runs"),
        ({"budget": {"hours": 0}}, "budget.hours"),
        ({"budget": {"minutes": 3}}, "budget.minutes"),
        ({"dataset": "no such"}, "dataset.name"),
        ({"override": {"method": "lpl"}}, "override.method"),
        ({"override": {"epochs": 0}}, "override.epochs"),
        ({"override": {"dataset": "digits"}}, "override.dataset"),
        ({"scale": "cpu"}, "scale"),
    ],
)
def test_what_is_wrong_is_named(service: Running, changes: dict[str, Any], path: str) -> None:
    body = {"preset": "best_method", "dataset": "digits"} | changes
    answer = service.http.post("/v1/studies", json=body)
    assert answer.status_code == 422
    assert path in [problem["path"] for problem in answer.json()["errors"]], answer.text


def test_without_a_data_set_it_says_so(service: Running) -> None:
    answer = service.http.post("/v1/studies", json={"preset": "best_method"})
    assert answer.status_code == 422
    assert [problem["path"] for problem in answer.json()["errors"]] == ["dataset"]
