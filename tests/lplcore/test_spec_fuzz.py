"""Whatever is posted, a spec is either refused with paths or complete: no other exception, no half-understood field."""

import copy
import json
import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import lplcore
from lplcore.data.info import DatasetInfo

DEPTH = 8
FACTS = DatasetInfo(
    name="x",
    task="single_label",
    classes=("a", "b", "c"),
    class_counts=(5, 3, 1),
    num_train=9,
    num_validation=0,
    num_test=3,
    input_shape=(3, 32, 32),
)
BASES: list[dict[str, Any]] = [
    lplcore.parse_spec({"preset": "table3_lpl_varied"}).model_dump(mode="json"),
    {"dataset": {"name": "digits"}, "method": "lpl"},
    {"preset": "digits_long_tail", "override": {"epochs": 3, "method": {"alias": "lpl", "epsilon": 1.0}}},
    {
        "dataset": "digits",
        "method": {"alias": "lpl", "epsilon": 0.2},
        "sweep": {"method.perturbations.0.epsilon": [0.1, 0.2], "optimizer.lr": [0.1], "method": ["lpl"]},
    },
]


def nested(depth: int) -> dict[str, Any]:
    innermost: dict[str, Any] = {}
    for _ in range(depth):
        innermost = {"a": innermost}
    return innermost


JUNK: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 0.5, -0.5, 1e308, -1e308, 1e-320, math.nan, math.inf, -math.inf),
    *(10**400, -(10**400), 2**63, 2**63 - 1, -(2**63), float(2**70), 3.0),
    *("", "x", "\x00", "\ud800", "a" * 10_000, "1", "mean", "lpl", "cross_entropy", b"x", object(), set(), 1j),
    *([], {}, [[]], [None], [1, 2], range(10**9), np.array([1.5]), np.float32("nan"), nested(200)),
    *({"name": "lpl"}, {"name": None}, {"name": []}, {"name": {}}, {"alias": "lpl"}, {"alias": []}, {"preset": 1}),
    *([{"name": "lpl"}] * 17, {1: 2}, {(1, 2): 3}, {"": 1}, {"a.b": 1}),
]
NEW_KEYS = ["extra", "epsilonn", "", "name", "alias", "a.b", "\x00"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of everything inside a value."""
    members = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if type(value) is list else []
    for key, part in members if len(path) < DEPTH else []:
        yield (*path, key)
        yield from places(part, (*path, key))


def damage(spec: dict[str, Any], rng: random.Random) -> None:
    """Replace, add or delete something somewhere."""
    paths = list(places(spec))
    if not paths:
        return
    *parents, last = rng.choice(paths)
    container: Any = spec
    for key in parents:
        container = container[key]
    if isinstance(container, dict) and rng.random() < 0.2:
        last = rng.choice([*NEW_KEYS, last])
    if isinstance(container, dict) and last in container and rng.random() < 0.1:
        del container[last]
    else:
        container[last] = rng.choice(JUNK)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_specs_are_refused_or_complete(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(150):
        data = copy.deepcopy(rng.choice(BASES))
        for _ in range(rng.randint(1, 3)):
            damage(data, rng)
        try:
            spec = lplcore.parse_spec(data)
            is_complete(spec)
            for run in spec.plan(max_runs=100)[:3]:
                is_complete(run.spec)
                assert run.spec.seeds == [run.seed]
                assert run.spec.sweep == {}
            spec.check(FACTS)
        except lplcore.SpecError as error:
            for problem in error.errors:
                assert set(problem) == {"path", "message"}
                assert len(problem["path"]) <= 300
                assert 0 < len(problem["message"]) < 1500


def is_complete(spec: lplcore.ExperimentSpec) -> None:
    dumped = spec.model_dump(mode="json")
    json.dumps(dumped, allow_nan=False)
    assert lplcore.parse_spec(dumped).model_dump(mode="json") == dumped


def test_a_spec_with_very_many_mistakes_lists_the_first_ones() -> None:
    with pytest.raises(lplcore.SpecError) as caught:
        lplcore.parse_spec({"dataset": "digits", "method": "lpl", "seeds": [-1] * 9_000})
    assert 1 <= len(caught.value.errors) <= 100


def test_an_override_with_another_method_takes_none_of_the_old_ones_parameters() -> None:
    spec = lplcore.parse_spec({"preset": "table3_lpl_varied", "override": {"method": {"alias": "cross_entropy"}}})
    assert spec.method.alias == "cross_entropy"
    kept = lplcore.parse_spec({"preset": "table3_lpl_varied", "override": {"method": {"epsilon": 0.5}}})
    assert kept.method.perturbations[0].model_dump()["epsilon"] == 0.5
    assert kept.method.perturbations[0].model_dump()["head_scale"] == 0.2
