"""Every problem of a spec is told at once, and what nobody has set refuses nothing."""

import math
from typing import Any

import numpy as np
import pytest

import lplcore
from lplcore.data.info import DatasetInfo
from lplcore.plugin import get, plugins

SMALL: dict[str, Any] = {"dataset": "digits", "method": "lpl"}
TINY = DatasetInfo("tiny", "single_label", ("a", "b", "c"), (12, 8, 4), 24, 0, 24, (1, 8, 8))


def paths_of(data: Any) -> list[str]:
    """Paths of the errors of an experiment, in alphabetical order."""
    with pytest.raises(lplcore.SpecError) as caught:
        lplcore.parse_spec(data).plan()
    return sorted(error["path"] for error in caught.value.errors)


@pytest.mark.parametrize(
    ("data", "paths"),
    [
        ({"method": "lpll", "epochs": 0, "foo": 1}, ["dataset", "epochs", "foo", "method"]),
        ({}, ["dataset"]),
        ({**SMALL, "foo": 1, "bar": 2, "batch_size": 0}, ["bar", "batch_size", "foo"]),
        (
            {**SMALL, "dataset": {"name": "digits", "x": 1, "imbalance_factor": 0.5}},
            ["dataset.imbalance_factor", "dataset.x"],
        ),
        (
            {**SMALL, "dataset": "digitz", "model": "mlpp", "schedule": "multi"},
            ["dataset.name", "model.name", "schedule.name"],
        ),
        (
            {**SMALL, "optimizer": {"name": "sgd", "lr": -1, "lrr": 1}, "epochs": 0},
            ["epochs", "optimizer.lr", "optimizer.lrr"],
        ),
        ({**SMALL, "checkpoints": {"every": 1, "keep_last": 0}}, ["checkpoints.every", "checkpoints.keep_last"]),
        ({**SMALL, "seeds": [1, 1], "tags": [""], "sweep": {"epochs": []}}, ["seeds", "sweep.epochs", "tags.0"]),
        ({**SMALL, "epochs": 0, "sweep": {"epohcs": [1], "seeds": [[1]]}}, ["epochs", "sweep.epohcs", "sweep.seeds"]),
        ({**SMALL, "epochs": math.nan, "tags": ["\x00"], "foo": 1}, ["epochs", "foo", "tags.0"]),
        (
            {**SMALL, "method": {"alias": "lpl", "epsilon": -1, "a": 1, "b": 2, "weighting": "clas"}},
            ["method.a", "method.b", "method.epsilon", "method.weighting.name"],
        ),
        ({**SMALL, "method": {"alias": "lpll", "sampler": "unifrm"}}, ["method", "method.sampler.name"]),
        (
            {**SMALL, "method": {"perturbation": [], "loss": "focall", "targets": ["x"]}},
            ["method.loss.name", "method.perturbation", "method.targets.0.name"],
        ),
        (
            {
                **SMALL,
                "method": {"perturbations": [{"name": "lpl", "x": 1, "epsilon": -1}, "lppl", {"name": "ldam", "y": 2}]},
            },
            [
                "method.perturbations.0.epsilon",
                "method.perturbations.0.x",
                "method.perturbations.1.name",
                "method.perturbations.2.y",
            ],
        ),
        ({"preset": "nope", "epochs": 3, "override": {"epochs": 0, "foo": 1}}, ["epochs", "epochs", "foo", "preset"]),
        (
            {"preset": "digits_long_tail", "name": "x", "override": {"epochs": 0, "model": "mlpp"}},
            ["epochs", "model.name", "name"],
        ),
        ({"preset": "digits_long_tail", "tags": [], "override": 3}, ["override", "tags"]),
    ],
)
def test_all_problems_of_a_spec_are_told_at_once(data: dict[str, Any], paths: list[str]) -> None:
    assert paths_of(data) == paths


def test_all_problems_of_a_sweep_are_told_at_once_and_once() -> None:
    assert paths_of({**SMALL, "sweep": {"epohcs": [1], "modle.head": [1], "epochs": [1]}}) == [
        "sweep.epohcs",
        "sweep.modle.head",
    ]
    with pytest.raises(lplcore.SpecError) as caught:
        lplcore.parse_spec(
            {**SMALL, "sweep": {"epochs": [3, 0, -1], "batch_size": [8, 0], "optimizer.lr": [-1, 0.1]}}
        ).plan()
    told = [(error["path"], error["message"].split(" (at ")[0].rsplit("got ", 1)[1]) for error in caught.value.errors]
    assert sorted(told) == [
        ("sweep.batch_size", "0"),
        ("sweep.epochs", "-1"),
        ("sweep.epochs", "0"),
        ("sweep.optimizer.lr", "-1"),
    ]


def test_all_points_that_do_not_fit_the_data_are_told_at_once() -> None:
    plan = lplcore.parse_spec(
        {**SMALL, "sweep": {"batch_size": [25, 8, 26], "method.perturbations.0.threshold": [0.4, 9]}}
    ).plan()
    with pytest.raises(lplcore.SpecError) as caught:
        lplcore.check_plan(plan, info_of=lambda _: TINY)
    assert [error["path"] for error in caught.value.errors] == [
        "sweep.batch_size",
        "sweep.method.perturbations.0.threshold",
        "sweep.batch_size",
    ]


@pytest.mark.parametrize("kind", ["model", "augmentation", "optimizer", "schedule"])
def test_a_part_without_a_name_is_the_default_part(kind: str) -> None:
    complete = lplcore.parse_spec(SMALL).model_dump(mode="json")[kind]
    for value in ({}, {"name": None}, None):
        assert lplcore.parse_spec({**SMALL, kind: value}).model_dump(mode="json")[kind] == complete


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ({"optimizer": {"lr": 0.01}}, "optimizer.lr", 0.01),
        ({"optimizer": {"momentum": 0.0}}, "optimizer.nesterov", False),
        ({"schedule": {"gamma": 0.5}}, "schedule.gamma", 0.5),
        ({"model": {"head": "cosine"}}, "model.head", "cosine"),
        ({"method": {"alias": "lpl", "perturbations": [{"epsilon": 0.5}]}}, "method.perturbations.0.epsilon", 0.5),
        ({"method": {"alias": "focal", "loss": {"gamma": 1.0}}}, "method.loss.gamma", 1.0),
        ({"method": {"alias": "ldam_drw", "weighting": {"beta": 0.9}}}, "method.weighting.name", "class_balanced"),
        ({"method": {"alias": "ldam_drw", "weighting": {"beta": 0.9}}}, "method.alias", "ldam_drw"),
        ({"method": {"alias": "label_aware_smoothing", "smooth_tail": 0.5}}, "method.targets.0.smooth_head", 0.5),
        ({"method": {"alias": "label_aware_smoothing", "smooth_head": 0.05}}, "method.targets.0.smooth_tail", 0.05),
        ({"method": {"sampler": {}, "loss": {}, "procedure": {}}}, "method.alias", "cross_entropy"),
    ],
)
def test_a_value_without_the_name_of_its_part_goes_to_the_default_part(
    change: dict[str, Any], path: str, value: Any
) -> None:
    actual: Any = lplcore.parse_spec({**SMALL, **change}).model_dump(mode="json")
    for step in path.split("."):
        actual = actual[int(step)] if isinstance(actual, list) else actual[step]
    assert actual == value


def test_what_a_method_gives_to_other_parts_is_replaced_as_a_whole() -> None:
    method = {"alias": "isda_dropout", "defaults": {"dropout": None}}
    spec = lplcore.parse_spec({"dataset": "digits", "method": method}).model_dump(mode="json")
    assert spec["method"]["defaults"] == {"dropout": None, "clip_norm": None}


@pytest.mark.parametrize(
    "change", [{"weighting": {"beta": 0.9}}, {"perturbations": [{"epsilon": 1.0}]}, {"posthoc": {}}]
)
def test_a_part_that_has_no_default_is_asked_for_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(lplcore.SpecError, match=r"name: give the name of a [a-z]+; Known: "):
        lplcore.parse_spec({**SMALL, "method": change})


def test_a_batch_size_that_nobody_has_set_fits_the_data() -> None:
    spec = lplcore.parse_spec(SMALL)
    assert spec.batch_size == 128
    spec.check(TINY)
    assert spec.fitted(TINY).batch_size == 24
    swept = lplcore.parse_spec({**SMALL, "sweep": {"epochs": [1, 2], "method": ["lpl", "ldam"]}}).plan()
    assert [run.spec.batch_size for run in lplcore.check_plan(swept, info_of=lambda _: TINY)] == [24] * 4
    preset = lplcore.parse_spec({"preset": "digits_long_tail"})
    assert preset.fitted(TINY).batch_size == preset.batch_size
    for chosen in (lplcore.parse_spec({**SMALL, "batch_size": 128}), preset):
        with pytest.raises(lplcore.SpecError, match="exceeds the 24 training examples"):
            chosen.check(TINY)


@pytest.mark.parametrize("alias", sorted(plugins("method")))
def test_no_default_of_a_method_refuses_a_small_data_set(alias: str) -> None:
    task = sorted(get("method", alias).tasks, reverse=True)[0]
    labels = np.arange(24) % 3 if task == "single_label" else np.eye(3, dtype=np.int64)[np.arange(24) % 3]
    info = DatasetInfo("tiny", task, ("a", "b", "c"), (8, 8, 8), len(labels), 0, 24, (1, 8, 8))
    entry = lplcore.RegisteredDataset(name="tiny", path="/nowhere.npz", task=task)
    spec = lplcore.parse_spec({"dataset": "tiny", "method": alias}, datasets={"tiny": entry})
    spec.check(info)
