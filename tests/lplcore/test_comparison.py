"""Experiments that name no method."""

from typing import Any

import pytest

import lplcore
from lplcore.data.raw import RegisteredDataset
from lplcore.plugin import plugins
from lplcore.spec.comparison import COMPARED

SINGLE, MULTI = (list(COMPARED[task]) for task in ("single_label", "multi_label"))


def multi_label(name: str) -> dict[str, RegisteredDataset]:
    return {name: RegisteredDataset(name, "arrays", "/nowhere", task="multi_label", sha256=None)}


@pytest.mark.parametrize("dataset", ["digits", {"name": "digits"}, {"name": "digits", "imbalance_factor": 5}])
def test_a_data_set_alone_is_an_experiment_on_three_methods(dataset: Any) -> None:
    spec = lplcore.parse_spec({"dataset": dataset})
    assert spec.sweep == {"method": SINGLE}
    assert [run.spec.method.alias for run in spec.plan()] == SINGLE
    assert spec.notes == ["no method is named: cross_entropy, logit_adjustment and lpl are compared"]


def test_several_labels_have_methods_of_their_own() -> None:
    spec = lplcore.parse_spec({"dataset": "labels"}, datasets=multi_label("labels"))
    assert [run.spec.method.alias for run in spec.plan()] == MULTI


@pytest.mark.parametrize("task", COMPARED)
def test_what_is_compared_fits_its_task(task: str) -> None:
    assert all(task in plugins("method")[name].tasks for name in COMPARED[task])


def test_the_methods_go_with_a_sweep_of_ones_own() -> None:
    spec = lplcore.parse_spec({"dataset": "digits", "seeds": [0, 1], "sweep": {"epochs": [1, 2]}})
    points = [(run.spec.method.alias, run.spec.epochs, run.seed) for run in spec.plan()]
    assert points == [(method, epochs, seed) for method in SINGLE for epochs in (1, 2) for seed in (0, 1)]


def test_a_sweep_over_methods_needs_no_method_beside_it() -> None:
    spec = lplcore.parse_spec({"dataset": "digits", "sweep": {"method": ["lpl", "ldam"]}})
    assert [run.spec.method.alias for run in spec.plan()] == ["lpl", "ldam"]
    assert spec.notes == []


def test_the_complete_spec_says_what_runs() -> None:
    spec = lplcore.parse_spec({"dataset": "digits"})
    again = lplcore.parse_spec(spec.model_dump(mode="json"))
    plans = [[run.spec.model_dump() for run in each.plan()] for each in (spec, again)]
    assert plans[0] == plans[1]
    assert again.model_dump() == spec.model_dump()


def test_a_preset_keeps_its_method() -> None:
    spec = lplcore.parse_spec({"preset": "table3_lpl_varied"})
    assert (spec.method.alias, spec.notes) == ("lpl", [])


@pytest.mark.parametrize(
    ("data", "paths"),
    [
        ({}, ["dataset"]),
        ({"dataset": "none"}, ["dataset.name"]),
        ({"dataset": "digits", "method": None}, ["method"]),
        ({"dataset": "digits", "sweep": 3}, ["sweep"]),
        ({"preset": "none"}, ["preset"]),
        ({"dataset": "digits", "sweep": {"epochs": [0], "none": [1]}}, ["sweep.none", "sweep.epochs"]),
    ],
)
def test_what_is_wrong_is_said_without_a_method_as_with_one(data: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(lplcore.SpecError) as caught:
        lplcore.parse_spec(data).plan()
    assert [error["path"] for error in caught.value.errors] == paths
