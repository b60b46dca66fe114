"""Presets of Tables V, VI and X: the recipes of real images, and the parameters of each data set."""

from typing import Any

import pytest

import lplcore
from lplcore.plugin import plugins

TABLE5 = [name for name in sorted(plugins("preset")) if name.startswith("table5_")]
TABLE6 = [name for name in sorted(plugins("preset")) if name.startswith("table6_")]
TABLE10 = [name for name in sorted(plugins("preset")) if name.startswith("table10_")]
DRAWS = {"voc": (3_875, 1_142), "coco": (22_560, 1_909)}
"""Data set -> examples of an epoch of the class-aware sampler, and of the training set."""
TAU = [0.4, 0.5, 0.6]
FIRST = "method.perturbations.0"


def values_of(name: str) -> dict[str, Any]:
    return lplcore.parse_spec({"preset": name}).model_dump(mode="json")


def steps_of(values: dict[str, Any]) -> list[str]:
    """Names of the steps of the augmentation."""
    return [step["name"] for step in values["augmentation"]["steps"]]


@pytest.mark.parametrize("name", TABLE5)
def test_multi_label_rows_train_as_distribution_balanced_loss_does(name: str) -> None:
    values = values_of(name)
    optimizer, schedule, model, dataset = (values[part] for part in ("optimizer", "schedule", "model", "dataset"))
    assert (optimizer["lr"], optimizer["momentum"], optimizer["weight_decay"]) == (0.02, 0.9, 1e-4)
    assert (optimizer["nesterov"], optimizer["clip_norm"], values["batch_size"]) == (False, 35, 32)
    assert (schedule["warmup_steps"], schedule["warmup_factor"], schedule["gamma"]) == (500, 1 / 3, 0.1)
    assert (model["frozen_stages"], model["frozen_statistics"]) == (1, True)
    assert (dataset["image_size"], dataset["view"], dataset["normalization"]) == (224, "stretch", "imagenet")
    assert set(steps_of(values)) == {"random_crop", "horizontal_flip", "photometric_distortion"}
    if name.endswith(("ml_gcn", "oltr")):
        assert model["name"] == "resnet50"
    else:
        assert (model["architecture"], model["neck"]) == ("resnet50", {"features": 256, "dropout": 0.5})


@pytest.mark.parametrize("name", TABLE5)
def test_every_row_takes_about_as_many_steps(name: str) -> None:
    values = values_of(name)
    by_class, whole = DRAWS[name.split("_")[1]]
    sampler = values["method"]["sampler"]
    if sampler["name"] == "class_aware":
        assert sampler["epoch_length"] == "largest_class"
        assert (values["epochs"], values["schedule"]["milestones"]) == (8, [5, 7])
    else:
        times = [epoch * by_class / whole for epoch in (5, 7, 8)]
        assert [*values["schedule"]["milestones"], values["epochs"]] == pytest.approx(times, abs=0.51)


@pytest.mark.parametrize("name", [name for name in (*TABLE5, *TABLE10) if "r_bce" in name])
def test_each_data_set_has_its_own_mu_and_lambda(name: str) -> None:
    method = values_of(name)["method"]
    mu, scale = (0.3, 5) if "_voc_" in name else (0.2, 2)
    assert method["weighting"]["mu"] == mu
    if name.endswith("ntr"):
        assert (method["loss"]["negative_scale"], method["perturbations"][0]["negative_scale"]) == (scale, scale)


@pytest.mark.parametrize("name", [name for name in (*TABLE5, *TABLE10) if "lpl" in name])
def test_multi_label_lpl_stands_at_a_point_of_the_papers_grid(name: str) -> None:
    preset = plugins("preset")[name]
    (walk,) = values_of(name)["method"]["perturbations"]
    bound = {"epsilon": [0.05, 0.1]} if "fixed" in name else {"delta_epsilon": [0.1, 0.2, 0.3]}
    grid = {"threshold": TAU, **bound}
    assert preset.grid == {f"{FIRST}.{field}": choices for field, choices in grid.items()}
    assert all(walk[field] in choices for field, choices in grid.items())
    assert (walk["epsilon"] == 0) is ("varied" in name)
    assert (walk["delta_epsilon"] == 0) is ("fixed" in name)


@pytest.mark.parametrize("name", TABLE6)
def test_inaturalist_trains_as_the_field_does(name: str) -> None:
    values = values_of(name)
    dataset, optimizer = values["dataset"], values["optimizer"]
    assert dataset["name"] == f"inaturalist{name[11:15]}"
    assert (dataset["image_size"], dataset["view"], dataset["resize"]) == (224, "center_crop", 256)
    assert values["model"]["name"] == "resnet50"
    assert steps_of(values) == ["random_resized_crop", "horizontal_flip", "color_jitter"]
    assert (values["epochs"], values["batch_size"], values["schedule"]["name"]) == (90, 256, "cosine")
    assert (optimizer["lr"], optimizer["weight_decay"]) == (0.1, 1e-4)
    if "ldam" in name:
        assert values["method"]["perturbations"][0]["max_margin"] == 0.3
    if "isda" in name:
        assert values["method"]["perturbations"][0]["covariance"] == "diagonal"


@pytest.mark.parametrize("name", TABLE10)
def test_ms_coco_trains_as_ml_gcn_does_with_the_network_that_is_meant(name: str) -> None:
    values = values_of(name)
    assert (values["model"]["architecture"], values["model"]["backbone_lr_factor"]) == ("resnet101", 0.1)
    assert "ResNet-110" in plugins("preset")[name].settings_of
    assert values["dataset"]["image_size"] == 448
    assert steps_of(values) == ["multi_scale_crop", "horizontal_flip"]
    assert (values["epochs"], values["schedule"]["milestones"], values["batch_size"]) == (40, [30], 32)
    assert values["optimizer"]["lr"] == 0.1
