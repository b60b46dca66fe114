"""Presets: complete experiments that say whose settings they follow."""

from typing import Any

import pytest

import lplcore
from lplcore.perturbations.lpl_bounds import CountBounds
from lplcore.plugin import plugins

PRESETS = sorted(plugins("preset"))
CIFAR_LT = [name for name in PRESETS if "CIFAR" in plugins("preset")[name].title]


def spec_of(name: str) -> lplcore.ExperimentSpec:
    return lplcore.parse_spec({"preset": name})


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_whole_experiment(name: str) -> None:
    spec, record = spec_of(name), plugins("preset")[name]
    assert spec.plan()
    assert spec.name
    milestones = spec.schedule.model_dump().get("milestones", [])
    assert milestones == sorted(milestones)
    assert all(1 <= milestone < spec.epochs for milestone in milestones)
    assert all(0 < value < 1 for value in record.published.values())
    assert record.citation or not record.published
    assert record.settings_of
    if record.published:
        assert record.settings_of != "this project"


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_both_sets_have_the_papers_the_baselines_and_a_short_version(dataset: str) -> None:
    found: dict[str, set[str]] = {"paper": set(), "official": set(), "short": set()}
    for name in CIFAR_LT:
        spec, record = spec_of(name), plugins("preset")[name]
        if spec.dataset.name != dataset:
            continue
        alias = spec.method.alias or "composed"
        if name.endswith("_short"):
            assert (spec.epochs, spec.seeds) == (6, [0])
            found["short"].add(alias)
        elif "official" in record.settings_of:
            found["official"].add(alias)
        if "released" in record.settings_of or "paper's grid" in record.settings_of:
            found["paper"].add(alias)
    assert {"lpl", "la_lpl"} <= found["paper"]
    assert {"logit_adjustment", "ldam_drw"} <= found["official"]
    assert {"cross_entropy", "logit_adjustment", "ldam_drw", "lpl", "la_lpl"} <= found["short"]


def test_a_short_version_differs_in_its_schedule_alone() -> None:
    for name in (n for n in CIFAR_LT if n.endswith("_short")):
        short, long = (spec_of(n).model_dump(mode="json") for n in (name, name.removesuffix("_short")))
        differing = {field for field in short if short[field] != long[field]}
        assert differing <= {"name", "epochs", "schedule", "seeds"}, name


def steps(name: str) -> Any:
    """Steps of every class in a preset, as LPL takes them."""
    spec = spec_of(name)
    counts = lplcore.long_tail_counts(
        5000 if spec.dataset.name == "cifar10" else 500,
        10 if spec.dataset.name == "cifar10" else 100,
        imbalance_factor=spec.dataset.imbalance_factor,
    )
    criterion = lplcore.criterion(spec.method, class_counts=counts)
    bounds = criterion.perturbations[-1].get_submodule("bounds")
    assert isinstance(bounds, CountBounds)
    return bounds.count.tolist(), bounds.length.tolist()


@pytest.mark.parametrize(
    ("name", "most", "head", "length"),
    [
        ("table4_lpl_released", 10, 6, 0.15),
        ("table3_lpl_released", 40, 8, 0.01),
        ("table9_cifar10_la_lpl", 10, 6, 0.15),
        ("table9_cifar100_la_lpl", 50, 10, 0.2),
    ],
)
def test_released_settings_take_the_released_numbers_of_steps(name: str, most: int, head: int, length: float) -> None:
    number, lengths = steps(name)
    # The rarest class walks S steps of alpha, the most frequent one h * S.
    assert (number[-1], number[0]) == (most, head)
    assert set(lengths) == {length}


def test_ldam_trains_without_nesterov_as_its_authors_do() -> None:
    for name in ("table3_ldam_drw", "table4_ldam_drw"):
        spec = spec_of(name)
        assert spec.optimizer.model_dump()["nesterov"] is False
        assert spec.method.weighting is not None
        assert spec.method.weighting.model_dump()["beta"] == 0.9999
        assert spec.schedule.model_dump()["milestones"] == [160, 180]
