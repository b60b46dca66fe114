"""Specs: complete, idempotent, and every wrong input answered with its path."""

import json
import math
from typing import Any

import pytest

import lplcore
from lplcore.data.info import DatasetInfo
from lplcore.datasets import Dataset
from lplcore.plugin import plugins

SMALL = {"dataset": "digits", "method": "lpl"}


def info(**changes: Any) -> DatasetInfo:
    facts = {
        "name": "digits",
        "task": "single_label",
        "classes": ("a", "b", "c"),
        "class_counts": (9, 6, 3),
        "num_train": 18,
        "num_validation": 0,
        "num_test": 5,
        "input_shape": (1, 8, 8),
    }
    return DatasetInfo(**{**facts, **changes})


@pytest.mark.parametrize("preset", sorted(plugins("preset")))
def test_a_complete_spec_parses_to_itself(preset: str) -> None:
    complete = lplcore.parse_spec({"preset": preset}).model_dump(mode="json")
    assert lplcore.parse_spec(json.loads(json.dumps(complete))).model_dump(mode="json") == complete


DOCUMENTED: dict[str, Any] = {
    "name": "CIFAR-100-LT, LPL",
    "tags": ["demo"],
    "dataset": {
        "name": "cifar100",
        "imbalance_factor": 100,
        "imbalance_profile": "exponential",
        "validation_fraction": 0.1,
    },
    "model": {"name": "resnet32", "head": "linear"},
    "method": {
        "loss": {"name": "cross_entropy"},
        "perturbations": [
            {
                "name": "lpl",
                "split": "class_rank",
                "threshold": 0.4,
                "epsilon": 0.0,
                "delta_epsilon": 2.0,
                "step_size": 0.1,
            }
        ],
        "weighting": None,
        "targets": [],
        "sampler": {"name": "uniform"},
        "regularizers": [],
        "procedure": {"name": "standard"},
        "posthoc": None,
    },
    "augmentation": {"name": "pad_crop_flip"},
    "optimizer": {
        "name": "sgd",
        "lr": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 0.0002,
        "clip_norm": None,
    },
    "schedule": {"name": "multistep", "milestones": [160, 180], "gamma": 0.01, "warmup_epochs": 5},
    "epochs": 200,
    "batch_size": 128,
    "seeds": [0, 1, 2],
    "sweep": {"method.perturbations.0.delta_epsilon": [1.0, 2.0, 3.0]},
    "checkpoints": {"every_epochs": 10, "keep_last": 2, "keep_best": True},
    "priority": 5,
    "device": "auto",
    "precision": "auto",
}


def test_the_documented_example_is_accepted_unchanged() -> None:
    complete = lplcore.parse_spec(DOCUMENTED).model_dump(mode="json")

    def holds(part: Any, whole: Any) -> bool:
        if isinstance(part, dict):
            return all(key in whole and holds(value, whole[key]) for key, value in part.items())
        if isinstance(part, list):
            return len(part) == len(whole) and all(map(holds, part, whole))
        return bool(part == whole)

    assert holds(DOCUMENTED, complete)
    assert complete["method"]["alias"] == "lpl"
    plan = lplcore.parse_spec(DOCUMENTED).plan()
    assert [(run.point, run.seed) for run in plan[:4]] == [
        ({"method.perturbations.0.delta_epsilon": 1.0}, 0),
        ({"method.perturbations.0.delta_epsilon": 1.0}, 1),
        ({"method.perturbations.0.delta_epsilon": 1.0}, 2),
        ({"method.perturbations.0.delta_epsilon": 2.0}, 0),
    ]
    assert plan[-1].spec.method.perturbations[0].model_dump()["delta_epsilon"] == 3.0
    assert plan[-1].spec.seeds == [2]
    assert plan[-1].spec.sweep == {}


def test_an_alias_puts_parameters_where_they_belong() -> None:
    method = {"alias": "la_lpl", "strength": 2.0, "delta_epsilon": 3.0}
    parsed = lplcore.parse_spec({"dataset": "digits", "method": method}).method
    assert parsed.alias == "la_lpl"
    adjustment, lpl = (part.model_dump() for part in parsed.perturbations)
    assert adjustment["strength"] == 2.0
    assert lpl["delta_epsilon"] == 3.0


def test_a_composition_without_an_alias_has_none() -> None:
    spec = lplcore.parse_spec({"dataset": "digits", "method": {"perturbations": ["lpl", "lpl"]}})
    assert spec.method.alias is None


def test_the_performance_split_has_defaults_of_its_own() -> None:
    method = {"alias": "lpl", "split": "performance"}
    lpl = lplcore.parse_spec({"dataset": "digits", "method": method}).method.perturbations[0].model_dump()
    assert [lpl[f] for f in ("threshold", "epsilon", "delta_epsilon", "step_size")] == ["mean", 0.3, 0.0, 0.01]


def test_a_sweep_over_methods_replaces_the_method() -> None:
    plan = lplcore.parse_spec({"preset": "digits_long_tail"}).plan()
    assert len(plan) == 9
    assert [run.spec.method.alias for run in plan[::3]] == ["cross_entropy", "logit_adjustment", "lpl"]


FOLLOWING = {**SMALL, "sweep": {"method": ["lpl", "ldam", "meta_weight_net"]}}
SEARCHING = {**SMALL, "search": {"sampler": "grid", "space": {"method": ["lpl", "ldam", "meta_weight_net"]}}}


def stored(data: dict[str, Any]) -> dict[str, Any]:
    """The complete spec, as services answer it."""
    complete: dict[str, Any] = json.loads(lplcore.parse_spec(data).model_dump_json())
    return complete


@pytest.mark.parametrize("data", [FOLLOWING, SEARCHING])
def test_what_is_left_to_methods_is_left_to_them_by_the_stored_spec_too(data: dict[str, Any]) -> None:
    first, again = (lplcore.parse_spec(each).plan() for each in (data, stored(data)))
    assert [run.spec.model.head for run in first] == ["linear", "cosine", "linear"]
    assert [run.spec.dataset.meta_per_class for run in first] == [0, 0, 10]
    assert [run.spec.model_dump() for run in again] == [run.spec.model_dump() for run in first]
    assert stored(stored(data)) == stored(data)
    assert all(run.spec.left_open is None for run in first)


def test_what_is_changed_in_a_stored_spec_is_left_to_methods_no_more() -> None:
    spec = stored(FOLLOWING)
    spec["model"]["head"] = "cosine"
    spec["model"]["cosine_scale"] = 30.0  # as it was
    changed = lplcore.parse_spec(spec)
    assert [run.spec.model.head for run in changed.plan()] == ["cosine"] * 3
    assert "model.head" not in (changed.left_open or ())
    assert "model.cosine_scale" in (changed.left_open or ())


def test_another_method_for_a_stored_spec_gets_what_it_asks_for() -> None:
    alone = {**stored(FOLLOWING), "sweep": {}}
    assert lplcore.parse_spec({**alone, "method": "ldam"}).model.head == "cosine"
    assert lplcore.parse_spec({**alone, "method": "meta_weight_net"}).dataset.meta_per_class == 10
    rates = stored({**SMALL, "method": "ldam", "sweep": {"optimizer.lr": [0.1, 0.2]}})
    assert [lplcore.parse_spec({**rates, "method": name}).model.head for name in ("lpl", "ldam")] == [
        "linear",
        "cosine",
    ]


def test_a_spec_without_points_leaves_nothing_open() -> None:
    assert stored(SMALL)["left_open"] is None
    assert stored({**SMALL, "left_open": {"model.head": "linear"}})["left_open"] is None
    for wrong in ({"optimizer.lr": 1}, ["model.head"], 3):
        with pytest.raises(lplcore.SpecError, match="left_open"):
            lplcore.parse_spec({**FOLLOWING, "left_open": wrong})


def test_an_override_keeps_what_it_does_not_name() -> None:
    override = {"dataset": {"imbalance_factor": 50}, "epochs": 3}
    spec = lplcore.parse_spec({"preset": "digits_long_tail", "override": override})
    assert (spec.dataset.name, spec.dataset.imbalance_factor, spec.epochs) == ("digits", 50, 3)
    assert spec.seeds == [0, 1, 2]


def test_a_registered_data_set_goes_by_its_own_name() -> None:
    registered = {"mine": lplcore.RegisteredDataset(name="mine", path="/nowhere.npz")}
    spec = lplcore.parse_spec(
        {"dataset": {"name": "mine", "imbalance_factor": 5}, "method": "lpl"}, datasets=registered
    )
    assert spec.dataset.name == "mine"
    swept = lplcore.parse_spec({"dataset": "mine", "method": "lpl", "sweep": {"epochs": [1, 2]}}, datasets=registered)
    assert len(swept.plan()) == 2


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"method": "lpll"}, "method", "did you mean 'lpl'"),
        ({"method": {"alias": "lpl", "epsilon": -1}}, "method", "epsilon|greater"),
        ({"method": {"perturbations": [{"name": "lpl", "epsilon": -1}]}}, "method.perturbations.0.epsilon", "greater"),
        ({"method": {"perturbations": [{"name": "lpl", "epsilo": 1}]}}, "method.perturbations.0.epsilo", "'epsilon'"),
        ({"method": {"perturbations": ["lppl"]}}, "method.perturbations.0.name", "'lpl'"),
        ({"method": {"weighting": "clas_balanced"}}, "method.weighting.name", "'class_balanced'"),
        ({"method": 7}, "method", "dictionary|object"),
        ({"method": None}, "method", "required"),
        ({"dataset": {"name": "digits", "imbalance_factor": 0.5}}, "dataset.imbalance_factor", "n_max/n_min.*give 2"),
        ({"dataset": "digitz"}, "dataset.name", "'digits'"),
        ({"dataset": {"imbalance_factor": 2}}, "dataset.name", "Known"),
        ({"epochs": 0}, "epochs", "greater"),
        ({"epochs": True}, "epochs", "integer"),
        ({"epochs": 10**400}, "epochs", "64-bit"),
        ({"epochs": math.nan}, "epochs", "finite"),
        ({"optimizer": {"name": "sgd", "lr": math.inf}}, "optimizer.lr", "finite"),
        ({"optimizer": {"name": "sgd", "momentum": 0.0, "nesterov": True}}, "optimizer.nesterov", "momentum"),
        ({"modle": "mlp"}, "modle", "'model'"),
        ({"seeds": []}, "seeds", "at least 1"),
        ({"seeds": [1, 1]}, "seeds", "once"),
        ({"name": "\ud800"}, "name", "surrogate"),
        ({"tags": ["a\x00"]}, "tags.0", "NUL"),
        ({"device": "gpu"}, "device", "must be auto, cpu"),
        ({"sweep": {"method.perturbations.0.delta": [1]}}, "sweep.method.perturbations.0.delta", "no field"),
        ({"sweep": {"method.perturbations.9.epsilon": [1]}}, "sweep.method.perturbations.9.epsilon", "no field"),
        ({"sweep": {"epochs": [1, 0]}}, "sweep.epochs", "greater"),
        ({"sweep": {"epochs": []}}, "sweep.epochs", "at least one"),
        ({"sweep": {"seeds": [[1]]}}, "sweep.seeds", "cannot be swept"),
        ({"sweep": {"epochs": list(range(1, 1001)), "batch_size": list(range(1, 1001))}}, "sweep", "1000000 runs"),
        ({"schedule": {"name": "multistep", "milestones": [0]}}, "schedule.milestones.0", "greater"),
        ({"checkpoints": {"every_epochs": 0}}, "checkpoints.every_epochs", "greater"),
    ],
)
def test_wrong_input_is_named(change: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(lplcore.SpecError, match=says) as caught:
        lplcore.parse_spec({**SMALL, **change}).plan()
    assert caught.value.errors[0]["path"].startswith(path)


def test_deep_nesting_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(lplcore.SpecError, match="nested deeper"):
        lplcore.parse_spec({**SMALL, "tags": deep})


@pytest.mark.parametrize(
    "data", [[], "x", 3, None, {}, {"preset": "nope"}, {"preset": "digits_long_tail", "epochs": 3}]
)
def test_things_that_are_no_experiment_are_refused(data: Any) -> None:
    with pytest.raises(lplcore.SpecError):
        lplcore.parse_spec(data)


@pytest.mark.parametrize(
    ("change", "facts", "path"),
    [
        ({"method": {"alias": "lpl", "threshold": 5}, "batch_size": 4}, {}, "method.perturbations.0.threshold"),
        ({"batch_size": 100}, {}, "batch_size"),
        ({"batch_size": 4}, {"task": "multi_label"}, "method.loss.name"),
        ({"batch_size": 4, "checkpoints": {"keep_best": True}}, {}, "checkpoints.keep_best"),
        ({"batch_size": 4, "decision_threshold": 0.4}, {}, "decision_threshold"),
        ({"batch_size": 4, "model": "resnet32"}, {"input_shape": (12,)}, "model.name"),
        ({"batch_size": 4, "augmentation": "pad_crop_flip"}, {"input_shape": (12,)}, "augmentation.name"),
    ],
)
def test_what_does_not_fit_the_data_is_named(change: dict[str, Any], facts: dict[str, Any], path: str) -> None:
    spec = lplcore.parse_spec({**SMALL, **change})
    with pytest.raises(lplcore.SpecError) as caught:
        spec.check(info(**facts))
    assert caught.value.errors[0]["path"] == path


def test_what_fits_the_data_passes() -> None:
    lplcore.parse_spec({**SMALL, "batch_size": 18}).check(info())


def test_the_catalogue_and_the_schema_are_json_and_complete() -> None:
    listed = json.loads(json.dumps(lplcore.catalog()))
    assert {entry["name"] for entry in listed["methods"]} >= {"cross_entropy", "logit_adjustment", "lpl", "la_lpl"}
    assert all(entry["schema"]["type"] == "object" for entries in listed.values() for entry in entries)
    schema = json.dumps(lplcore.ExperimentSpec.model_json_schema())
    assert "delta_epsilon" in schema


@pytest.mark.parametrize(
    ("arguments", "profile", "expected"),
    [
        ((5000, 10, 100), "exponential", [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]),
        ((100, 4, 10), "step", [100, 100, 10, 10]),
        ((100, 3, 1), "exponential", [100, 100, 100]),
    ],
)
def test_long_tail_counts(arguments: tuple[int, int, float], profile: str, expected: list[int]) -> None:
    largest, classes, factor = arguments
    assert lplcore.long_tail_counts(largest, classes, imbalance_factor=factor, profile=profile) == expected


@pytest.mark.parametrize(
    ("arguments", "total"),
    [((5000, 10, 100), 12406), ((5000, 10, 10), 20431), ((500, 100, 100), 10847), ((500, 100, 10), 19573)],
)
def test_long_tail_totals_are_those_of_the_field(arguments: tuple[int, int, float], total: int) -> None:
    largest, classes, factor = arguments
    assert sum(lplcore.long_tail_counts(largest, classes, imbalance_factor=factor)) == total


@pytest.mark.parametrize("factor", [0.01, 0.0, -1.0, math.nan, math.inf])
def test_an_inverse_imbalance_factor_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="imbalance_factor"):
        lplcore.long_tail_counts(100, 10, imbalance_factor=factor)


def test_a_plan_is_checked_at_every_sweep_point_but_each_data_set_is_read_once() -> None:
    asked: list[float] = []

    def info_of(dataset: Dataset) -> DatasetInfo:
        asked.append(dataset.imbalance_factor)
        classes = tuple(str(c) for c in range(10))
        return DatasetInfo("digits", "single_label", classes, (50,) * 10, 500, 0, 300, (1, 8, 8))

    def plan(**sweep: list[Any]) -> list[lplcore.RunPlan]:
        data = {"dataset": "digits", "method": "lpl", "seeds": [0, 1], "sweep": sweep}
        return lplcore.parse_spec(data).plan()

    fitting: dict[str, list[Any]] = {"batch_size": [32, 64], "dataset.imbalance_factor": [1.0, 20.0]}
    lplcore.check_plan(plan(**fitting), info_of=info_of)
    assert asked == [1.0, 20.0]
    with pytest.raises(lplcore.SpecError) as caught:
        lplcore.check_plan(plan(**{"method.perturbations.0.threshold": [1, 99]}), info_of=info_of)
    assert caught.value.errors[0]["path"] == "sweep.method.perturbations.0.threshold"
    with pytest.raises(lplcore.SpecError, match=r"exceeds the 500 training examples.*batch_size = 501"):
        lplcore.check_plan(plan(batch_size=[32, 501]), info_of=info_of)
    alone = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "batch_size": 501}).plan()
    with pytest.raises(lplcore.SpecError) as caught:
        lplcore.check_plan(alone, info_of=info_of)
    assert caught.value.errors[0]["path"] == "batch_size"
