"""Points of a sweep that are the same experiment are refused, however they are spelled."""

from typing import Any

import pytest

import lplcore

FOCAL = {"loss": {"name": "focal"}}


@pytest.mark.parametrize(
    ("sweep", "path"),
    [
        ({"optimizer.lr": [0.1, 0.1, 0.10]}, "sweep.optimizer.lr"),
        ({"optimizer.lr": [1, 1.0]}, "sweep.optimizer.lr"),
        ({"optimizer.lr": [0.1, 0.2, 1e-1]}, "sweep.optimizer.lr"),
        ({"method": ["lpl", {"alias": "lpl"}]}, "sweep.method"),
        ({"method": ["cross_entropy", {"loss": {"name": "cross_entropy"}}]}, "sweep.method"),
        ({"method": [FOCAL, {"loss": "focal"}]}, "sweep.method"),
        ({"dataset": ["digits", {"name": "digits"}]}, "sweep.dataset"),
        ({"model": ["mlp", {"name": "mlp"}]}, "sweep.model"),
        ({"epochs": [3, 4, 3], "optimizer.lr": [0.1, 0.2]}, "sweep"),
        (
            {
                "dataset": [{"name": "digits"}, {"name": "digits", "imbalance_factor": 5}],
                "dataset.imbalance_factor": [5, 10],
            },
            "sweep.dataset",
        ),
    ],
)
def test_points_that_are_the_same_experiment_are_refused_however_spelled(sweep: dict[str, Any], path: str) -> None:
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "model": "mlp", "sweep": sweep})
    with pytest.raises(lplcore.SpecError) as refused:
        spec.plan()
    (error,) = refused.value.errors
    assert error["path"] == path
    assert "the same experiment" in error["message"]


@pytest.mark.parametrize(
    "sweep",
    [
        {"optimizer.lr": [0.1, 0.2], "epochs": [1, 2]},
        {"method": ["lpl", {"alias": "lpl", "threshold": 0.3}, "cross_entropy", FOCAL]},
        {"dataset.imbalance_factor": [1, 10]},
    ],
)
def test_points_that_differ_are_planned(sweep: dict[str, Any]) -> None:
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "sweep": sweep, "seeds": [0, 1]})
    points = [run.point for run in spec.plan()]
    assert len(points) == 8 if "epochs" in sweep or "method" in sweep else 4


@pytest.mark.parametrize("seeds", [[0, 0], [3, 1, 3]])
def test_equal_seeds_are_refused(seeds: list[int]) -> None:
    with pytest.raises(lplcore.SpecError) as refused:
        lplcore.parse_spec({"dataset": "digits", "method": "lpl", "seeds": seeds})
    assert refused.value.errors[0]["path"].startswith("seeds")
