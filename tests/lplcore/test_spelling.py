"""A method is the same however it is spelled: by its alias, by its parts, or with one part changed."""

from typing import Any

import pytest

import lplcore
from lplcore.data.raw import RegisteredDataset
from lplcore.frame.alias import Alias
from lplcore.method.alias import KIND_OF_FIELD
from lplcore.plugin import plugins

ALIASES: dict[str, Alias] = plugins("method")
NAMES = [(name, task) for name, record in ALIASES.items() for task in sorted(record.tasks)]
MULTI = {"multi": RegisteredDataset("multi", "/nowhere.npz", task="multi_label")}
DATASET = {"single_label": "digits", "multi_label": "multi"}
Data = dict[str, Any]


def parsed(method: Any, task: str, **changes: Any) -> Data:
    """The complete experiment, as plain values."""
    spec = lplcore.parse_spec({"dataset": DATASET[task], "method": method, **changes}, datasets=MULTI)
    return spec.model_dump(mode="json")


@pytest.mark.parametrize(("name", "task"), NAMES)
def test_the_composition_of_an_alias_is_the_whole_method(name: str, task: str) -> None:
    assert parsed(dict(ALIASES[name].compositions()[task]), task) == parsed(name, task)


@pytest.mark.parametrize(("name", "task"), NAMES)
def test_a_complete_method_without_its_alias_is_the_same_experiment(name: str, task: str) -> None:
    complete = parsed(name, task)
    spelled = {field: value for field, value in complete["method"].items() if field != "alias"}
    assert parsed(spelled, task) == complete
    assert parsed({**complete["method"], "alias": None}, task) == complete
    assert parsed({**complete, "method": spelled}["method"], task, model=complete["model"]) == complete


@pytest.mark.parametrize(("name", "task"), NAMES)
def test_another_part_takes_nothing_of_the_method_away(name: str, task: str) -> None:
    whole = parsed(name, task)
    changed = parsed({"alias": name, "sampler": "square_root"}, task)
    kept = [field for field in KIND_OF_FIELD if field != "sampler"]
    assert [changed["method"][field] for field in kept] == [whole["method"][field] for field in kept]
    for part in ("model", "optimizer", "dataset"):
        assert changed[part] == whole[part]


@pytest.mark.parametrize(
    ("name", "part", "field"), [("isda_dropout", "model", "dropout"), ("two_way", "optimizer", "clip_norm")]
)
def test_what_the_experiment_says_itself_goes_before_the_methods_default(name: str, part: str, field: str) -> None:
    task = sorted(ALIASES[name].tasks)[0]
    other = {"model": {"name": "mlp", "dropout": 0.1}, "optimizer": {"name": "sgd", "clip_norm": 0.1}}[part]
    assert parsed(name, task, **{part: other})[part][field] == 0.1


@pytest.mark.parametrize(("name", "task"), NAMES)
def test_a_complete_spec_of_version_0_1_0_means_what_it_meant(name: str, task: str) -> None:
    complete = parsed(name, task)
    del complete["method"]["defaults"]
    again = lplcore.parse_spec(complete, datasets=MULTI).model_dump(mode="json")
    assert again == parsed(name, task)


def test_isda_is_not_taken_for_isda_with_dropout() -> None:
    plain, dropped = (parsed(name, "single_label") for name in ("isda", "isda_dropout"))
    assert (plain["method"]["alias"], plain["model"]["dropout"]) == ("isda", 0.0)
    assert (dropped["method"]["alias"], dropped["model"]["dropout"]) == ("isda_dropout", 0.3)
    assert parsed({"perturbations": ["isda"]}, "single_label") == plain
