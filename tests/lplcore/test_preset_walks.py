"""Presets of LPL: how far each class's walk goes, and in how many steps."""

from typing import Any

import pytest

import lplcore
from lplcore.perturbations.lpl.bounds import CountBounds
from tests.lplcore.test_presets import CHECKED, record_of, spec_of

PAPERS_LPL = [name for name in CHECKED if record_of(name).follows == "paper" and "lpl" in name]


def bounds_of(spec: lplcore.ExperimentSpec) -> CountBounds:
    """Bounds and steps of every class, as LPL takes them."""
    counts = lplcore.long_tail_counts(
        5000 if spec.dataset.name == "cifar10" else 500,
        10 if spec.dataset.name == "cifar10" else 100,
        imbalance_factor=spec.dataset.imbalance_factor,
    )
    criterion = lplcore.criterion(spec.method, class_counts=counts)
    bounds = criterion.perturbations[-1].get_submodule("bounds")
    assert isinstance(bounds, CountBounds)
    return bounds


def steps(name: str) -> Any:
    """Numbers and lengths of the steps of every class in a preset."""
    bounds = bounds_of(spec_of(name))
    return bounds.count.tolist(), bounds.length.tolist()


@pytest.mark.parametrize(
    ("name", "most", "head", "length"),
    [
        ("table4_lpl_released", 10, 6, 0.15),
        ("table3_lpl_released", 40, 8, 0.01),
        ("table9_cifar10_la_lpl_released", 10, 6, 0.15),
        ("table9_cifar100_la_lpl_released", 50, 10, 0.2),
    ],
)
def test_released_settings_take_the_released_numbers_of_steps(name: str, most: int, head: int, length: float) -> None:
    number, lengths = steps(name)
    # The rarest class walks S steps of alpha, the most frequent one h * S.
    assert (number[-1], number[0]) == (most, head)
    assert set(lengths) == {length}


@pytest.mark.parametrize("delta_epsilon", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("name", [*PAPERS_LPL, *(f"{name}_200" for name in PAPERS_LPL if "ratio10" not in name)])
def test_every_class_of_the_papers_rows_walks_to_its_bound(name: str, delta_epsilon: float) -> None:
    place = len(spec_of(name).method.perturbations) - 1
    fixed = "fixed" in name
    field = f"method.perturbations.{place}.{'epsilon' if fixed else 'delta_epsilon'}"
    plan = lplcore.parse_spec({"preset": name, "override": {"sweep": {field: [delta_epsilon]}, "seeds": [0]}}).plan()
    bounds = bounds_of(plan[0].spec)
    assert bounds.count.min() >= 1
    assert bounds.length.max() <= 0.1 + 1e-12
    assert (bounds.count * bounds.length).tolist() == pytest.approx(bounds.epsilon.tolist())


def test_the_alias_keeps_algorithm_1s_whole_steps() -> None:
    method = lplcore.parse_spec({"dataset": "digits", "method": "lpl"}).method.model_dump()
    assert method["perturbations"][0]["step_rounding"] == "floor"
