"""Searches in specs: what is refused and where, what is filled in, and the runs that they mean."""

import json
from functools import partial
from typing import Any

import numpy as np
import pytest

import lplcore
from lplcore.search.trials import Trial
from lplcore.spec.identity import run_spec

SPEC: dict[str, Any] = {"dataset": "digits", "method": "lpl", "epochs": 9}
STRENGTH, THRESHOLD = "method.perturbations.0.delta_epsilon", "method.perturbations.0.threshold"
SPACE = {STRENGTH: {"low": 0.5, "high": 5, "log": True}}


def parsed(search: Any, **fields: Any) -> lplcore.ExperimentSpec:
    return lplcore.parse_spec({**SPEC, "search": search, **fields})


def errors_of(search: Any, **fields: Any) -> dict[str, str]:
    """Path -> message of what is wrong with a spec or its plan."""
    with pytest.raises(lplcore.SpecError) as refused:
        parsed(search, **fields).plan()
    return {error["path"]: error["message"] for error in refused.value.errors}


@pytest.mark.parametrize(
    ("search", "path", "said"),
    [
        ({}, "search.space", "is required"),
        ({"space": {}}, "search.space", "at least 1"),
        ({"space": {STRENGTH: 3}}, f"search.space.{STRENGTH}", "a range with low and high"),
        ({"space": {STRENGTH: []}}, f"search.space.{STRENGTH}", "at least one value"),
        ({"space": {STRENGTH: {"low": 1}}}, f"search.space.{STRENGTH}.high", "is required"),
        ({"space": {STRENGTH: {"low": "1", "high": 2}}}, f"search.space.{STRENGTH}.low", "must be a number"),
        ({"space": {STRENGTH: {"low": 1, "high": 2, "steps": 1}}}, f"search.space.{STRENGTH}.steps", "mean 'step'"),
        ({"space": {STRENGTH: {"low": 2, "high": 2}}}, f"search.space.{STRENGTH}.high", "must be above low, 2"),
        ({"space": {STRENGTH: {"low": 0, "high": 2, "log": True}}}, f"search.space.{STRENGTH}.low", "above 0"),
        (
            {"space": {STRENGTH: {"low": 1, "high": 2, "log": True, "step": 1}}},
            f"search.space.{STRENGTH}.step",
            "does not go with log",
        ),
        ({"space": {STRENGTH: {"low": 1, "high": 2, "step": 3}}}, f"search.space.{STRENGTH}.step", "lower it"),
        ({"space": {STRENGTH: {"low": -1, "high": 2}}}, f"search.space.{STRENGTH}.low", "greater than or equal to 0"),
        ({"space": {THRESHOLD: {"low": 0.5, "high": -2}}}, f"search.space.{THRESHOLD}.high", "must be above low"),
        ({"space": {STRENGTH: [1, 2, "x"]}}, f"search.space.{STRENGTH}.2", "must be a valid number"),
        ({"space": {"method": ["lpl", "nope"]}}, "search.space.method.1", "unknown method 'nope'"),
        ({"space": {"method": ["lpl", {"alias": "lpl"}]}}, "search.space.method", "are the same experiment"),
        ({"space": {"method.perturbations.0.nope": [1]}}, "search.space.method.perturbations.0.nope", "no field"),
        ({"space": {"nope": [1]}}, "search.space.nope", "no field 'nope'"),
        ({"space": {"seeds": [[1], [2]]}}, "search.space.seeds", "cannot be searched"),
        ({"space": {"dataset.name": ["digits", "cifar10"]}}, "search.space.dataset.name", "the same examples"),
        (
            {"space": {"dataset.imbalance_factor": [5, 20]}},
            "search.space.dataset.imbalance_factor",
            "the same examples",
        ),
        ({"space": {"dataset.places": [2, 4]}}, "search.space.dataset.places", "the same examples"),
        ({"space": {"dataset.subset_seed": [1, 2]}}, "search.space.dataset.subset_seed", "the same examples"),
        ({"space": SPACE, "sampler": "grid"}, f"search.space.{STRENGTH}", "give step"),
        ({"space": SPACE, "sampler": "tpee"}, "search.sampler", "'tpe'"),
        ({"space": SPACE, "metric": "test/top1_error"}, "search.metric", "did you mean 'validation/top1_error'?"),
        ({"space": SPACE, "metric": "validation/mean_average_precision"}, "search.metric", "is no metric"),
        ({"space": SPACE, "halving": {"min_epochs": 9}}, "search.halving.min_epochs", "below epochs, 9"),
        ({"space": SPACE, "then_seeds": [1, 1]}, "search.then_seeds", "may stand once"),
        ({"space": SPACE, "trials": 10_000, "then_seeds": [1]}, "search.trials", "up to 10001 runs"),
        ({"space": SPACE, "tirals": 3}, "search.tirals", "did you mean 'trials'?"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(search: Any, path: str, said: str) -> None:
    errors = errors_of(search)
    assert list(errors) == [path]
    assert said in errors[path]


def test_a_search_goes_neither_with_a_sweep_nor_halving_with_patience_or_searched_epochs() -> None:
    assert list(errors_of({"space": SPACE}, sweep={"epochs": [1, 2]})) == ["sweep"]
    assert parsed({"space": SPACE}, sweep={}).search
    halved = {"space": {"epochs": [8, 9]}, "halving": {"min_epochs": 2}}
    assert list(errors_of(halved, patience=3)) == ["patience", "search.space.epochs"]
    assert "method" in errors_of({"space": {"optimizer.lr": [0.1]}}, method=None)


def test_a_wrong_field_hides_no_other() -> None:
    errors = errors_of({"space": {**SPACE, "nope": [1]}, "metric": "x", "halving": {"min_epochs": 20}})
    assert set(errors) == {"search.metric", "search.halving.min_epochs"}
    assert set(errors_of({"space": {"nope": [1]}}, epochs=0)) == {"epochs", "search.space.nope"}


def test_a_parsed_search_is_complete() -> None:
    search = parsed({"space": SPACE}).search
    assert search
    assert (search.metric, search.trials, search.sampler) == ("validation/top1_error", 20, "tpe")
    grid = parsed({"space": {THRESHOLD: {"low": 0.4, "high": 0.6, "step": 0.1}, STRENGTH: [1, 2]}, "sampler": "grid"})
    assert grid.search
    assert grid.search.trials == 6
    assert [run.point[THRESHOLD] for run in grid.plan()] == [0.4, 0.4, 0.5, 0.5, 0.6, 0.6]


def test_whole_numbers_of_a_field_with_fractions_are_ends_of_a_range_of_any_number() -> None:
    spec = parsed({"space": {STRENGTH: {"low": 1, "high": 5}, "batch_size": {"low": 16, "high": 64}}, "trials": 30})
    assert spec.search
    drawn = [spec.decide([Trial(n, {STRENGTH: n / 9, "batch_size": n}, "failed") for n in range(8)]).ask]
    points = [run.point for run in spec.plan()] + [dict(point) for _, point in drawn[0]]
    assert any(point[STRENGTH] % 1 for point in points)
    assert all(isinstance(point["batch_size"], int) for point in points)


def test_the_plan_has_the_trials_that_are_asked_first_and_each_is_an_ordinary_run() -> None:
    spec = parsed({"space": SPACE, "at_once": 3}, seeds=[7, 8])
    plan = spec.plan()
    assert [run.point for run in plan] == [dict(point) for _, point in spec.decide([]).ask]
    assert len(plan) == 3
    for run in plan:
        assert (run.seed, run.spec.seeds, run.spec.search) == (7, [7], None)
        alone = lplcore.parse_spec({**SPEC, "method": {"alias": "lpl", "delta_epsilon": run.point[STRENGTH]}})
        assert run_spec(run.spec)["method"] == run_spec(alone)["method"]
        assert {**run_spec(run.spec), "seeds": []} == {**run_spec(alone), "seeds": []}
        assert "search" not in run_spec(alone)
        assert spec.at(run.point, 7) == run


def test_a_stored_search_means_the_same_runs_also_of_methods_that_fill_in_other_fields() -> None:
    search = {"space": {"method": ["lpl", {"alias": "ldam_drw"}]}, "sampler": "grid"}
    spec = lplcore.parse_spec({"dataset": "digits", "search": search})
    stored = lplcore.parse_spec(json.loads(json.dumps(spec.model_dump(mode="json"))))
    assert stored == spec
    assert [run.spec.method.alias for run in spec.plan()] == ["lpl", "ldam_drw"]
    assert [run.spec.model.head for run in stored.plan()] == ["linear", "cosine"]
    assert [run.spec for run in stored.plan()] == [run.spec for run in spec.plan()]
    data = lplcore.DatasetInfo("small", "single_label", ("a", "b"), (20, 20), 40, 4, 4, (3,))
    assert [run.spec.fitted(data).batch_size for run in (*spec.plan(), *stored.plan())] == [40] * 4


def test_a_preset_is_searched_by_its_override_in_place_of_its_sweep() -> None:
    search = {"space": {"optimizer.lr": {"low": 0.01, "high": 1, "log": True}}, "trials": 5}
    spec = lplcore.parse_spec({"preset": "digits_long_tail", "override": {"search": search}})
    assert spec.search
    assert (spec.search.trials, spec.sweep) == (5, {})
    run = spec.plan()[0]
    assert (run.seed, run.spec.method.alias, run.spec.optimizer.lr) == (0, "cross_entropy", run.point["optimizer.lr"])
    both = {"preset": "digits_long_tail", "override": {"search": search, "sweep": {"epochs": [1, 2]}}}
    with pytest.raises(lplcore.SpecError, match="does not go with search"):
        lplcore.parse_spec(both)


def test_trials_are_compared_on_a_tenth_of_the_data_where_nobody_holds_some_out() -> None:
    check = partial(lplcore.check_search, info_of=lplcore.dataset_info)
    spec = check(parsed({"space": SPACE}))
    assert spec.dataset.validation_fraction == 0.1
    assert "10%" in spec.notes[-1]
    assert all(
        run.spec.dataset == spec.dataset for run in lplcore.check_plan(spec.plan(), info_of=lplcore.dataset_info)
    )
    own = parsed({"space": SPACE}, dataset={"name": "digits", "validation_fraction": 0.2})
    assert check(own) is own
    plain = lplcore.parse_spec(SPEC)
    assert check(plain) is plain


def test_a_data_sets_own_validation_split_is_kept() -> None:
    x, y = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2
    data = {"own": lplcore.in_memory("own", (x, y), validation=(x[:8], y[:8]), test=(x, y))}
    spec = lplcore.parse_spec({**SPEC, "dataset": "own", "search": {"space": SPACE}}, datasets=data)
    checked = lplcore.check_search(spec, info_of=partial(lplcore.dataset_info, datasets=data))
    assert checked.dataset.validation_fraction == 0


def test_ends_that_do_not_fit_the_data_are_named() -> None:
    spec = parsed({"space": {"batch_size": {"low": 16, "high": 4096, "log": True}}})
    with pytest.raises(lplcore.SpecError) as refused:
        lplcore.check_search(spec, info_of=lplcore.dataset_info)
    assert [error["path"] for error in refused.value.errors] == ["search.space.batch_size.high"]


def test_one_run_cannot_search() -> None:
    with pytest.raises(lplcore.SpecError, match="nothing to search"):
        next(iter(lplcore.train(parsed({"space": SPACE}))))


def test_the_schema_has_the_search_with_both_forms_of_a_space() -> None:
    schema = lplcore.ExperimentSpec.model_json_schema()
    forms = schema["$defs"]["Search"]["properties"]["space"]["additionalProperties"]["oneOf"]
    assert {form.get("type", form.get("$ref")) for form in forms} == {"array", "#/$defs/Range"}
    assert {"type": "null"} in schema["properties"]["search"]["anyOf"]
