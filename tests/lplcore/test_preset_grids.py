"""Presets of the paper's rows: a point of its grid each, which can be swept."""

from typing import Any

import pytest

import lplcore
from tests.lplcore.test_presets import CHECKED, record_of, spec_of

TAU, DELTA, STRENGTH = [0.4, 0.5, 0.6], [1, 2, 3], [0.5, 1, 1.5, 2, 2.5]
VARIED: dict[str, list[Any]] = {"threshold": TAU, "epsilon": [0], "delta_epsilon": DELTA}
FIXED: dict[str, list[Any]] = {"threshold": TAU, "epsilon": [1.5, 2.5, 5], "delta_epsilon": [0]}


@pytest.mark.parametrize(
    ("name", "grids"),
    [
        ("table3_la", [{"strength": STRENGTH}]),
        ("table4_la", [{"strength": STRENGTH}]),
        ("table3_lpl_varied", [VARIED]),
        ("table4_lpl_varied", [VARIED]),
        ("table3_lpl_fixed", [FIXED]),
        ("table4_lpl_fixed", [FIXED]),
        ("table9_cifar100_la_lpl", [{"strength": STRENGTH}, {**VARIED, "threshold": [40]}]),
        ("table9_cifar10_la_lpl", [{"strength": STRENGTH}, {**VARIED, "threshold": [4]}]),
    ],
)
def test_the_papers_methods_stand_at_a_point_of_its_grid_and_can_sweep_it(
    name: str, grids: list[dict[str, list[Any]]]
) -> None:
    perturbations = spec_of(name).method.model_dump()["perturbations"]
    searched = {
        f"method.perturbations.{place}.{field}": values
        for place, grid in enumerate(grids)
        for field, values in grid.items()
        if len(values) > 1
    }
    assert record_of(name).grid == searched
    for perturbation, grid in zip(perturbations, grids, strict=True):
        assert all(perturbation[field] in values for field, values in grid.items())
    # As the paper has it, but for head_scale: the released scripts' (METHODS.md, 0.5).
    walk = perturbations[-1]
    if walk["name"] == "lpl":
        assert (walk["split"], walk["normalize"], walk["step_rounding"]) == ("class_rank", "row", "exact")
        assert 'step_rounding "exact"' in record_of(name).settings_of
        scale = 0.6 if spec_of(name).dataset.name == "cifar10" else 0.2
        assert walk["head_scale"] == (1 if grids == [FIXED] else scale)
    swept = lplcore.parse_spec({"preset": name, "override": {"sweep": searched, "seeds": [0]}}).plan()
    points = {str(run.spec.method) for run in swept}
    assert len(points) == len(swept)
    assert str(spec_of(name).method) in points


def test_only_the_papers_presets_have_a_grid() -> None:
    assert {name for name in CHECKED if record_of(name).grid} == {
        name for name in CHECKED if record_of(name).follows == "paper"
    }
