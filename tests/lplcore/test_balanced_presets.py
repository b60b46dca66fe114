"""Presets of Tables I, II and VIII: ISDA's training of each network, and the paper's grids."""

from typing import Any

import pytest

import lplcore
from lplcore.plugin import plugins

TRAININGS = {
    "resnet32": (160, [80, 120], 0.1, 1e-4),
    "resnet110": (160, [80, 120], 0.1, 1e-4),
    "se_resnet110": (200, [80, 120, 160], 0.1, 1e-4),
    "wide_resnet_16_8": (240, [60, 120, 160, 200], 0.2, 5e-4),
    "wide_resnet_28_10": (240, [60, 120, 160, 200], 0.2, 5e-4),
}
"""Network -> epochs, milestones, gamma and weight decay (METHODS.md, 1.4 and 3.3)."""
BALANCED = [name for name in sorted(plugins("preset")) if name.startswith(("table1_", "table2_", "table8_"))]
FIRST = "method.perturbations.0"


def values_of(name: str) -> dict[str, Any]:
    return lplcore.parse_spec({"preset": name}).model_dump(mode="json")


@pytest.mark.parametrize("name", BALANCED)
def test_each_network_trains_as_isdas_code_trains_it(name: str) -> None:
    values = values_of(name)
    model, schedule, optimizer = values["model"], values["schedule"], values["optimizer"]
    assert name.endswith(f"_{model['name']}")
    own = (values["epochs"], schedule["milestones"], schedule["gamma"], optimizer["weight_decay"])
    assert own == TRAININGS[model["name"]]
    assert (schedule["name"], schedule["one_epoch_early"], schedule["warmup_epochs"]) == ("multistep", True, 0)
    assert (optimizer["lr"], optimizer["momentum"], optimizer["nesterov"]) == (0.1, 0.9, True)
    augmentation = values["augmentation"]
    assert (augmentation["padding"], augmentation["padding_mode"]) == (4, "reflect")
    assert (values["batch_size"], values["seeds"]) == (128, [0, 1, 2, 3, 4])
    assert values["dataset"]["imbalance_factor"] == 1
    assert model.get("shortcut", "project") == "project"
    assert model.get("se_bias", False) is False


@pytest.mark.parametrize("name", [name for name in BALANCED if "lpl" in name])
def test_the_papers_methods_stand_at_a_point_of_its_grid(name: str) -> None:
    preset, values = plugins("preset")[name], values_of(name)
    walk = values["method"]["perturbations"][0]
    assert (preset.follows, walk["split"], walk["threshold"]) == ("paper", "performance", "mean")
    fixed = "fixed" in name
    bound = {"epsilon": [0.1, 0.2, 0.3, 0.4]} if fixed else {"delta_epsilon": [0.1, 0.2]}
    grid = {**bound, "step_size": [0.01, 0.02, 0.03]}
    assert preset.grid == {f"{FIRST}.{field}": choices for field, choices in grid.items()}
    assert all(walk[field] in choices for field, choices in grid.items())
    assert not fixed or walk["delta_epsilon"] == 0
    assert values["model"]["dropout"] == 0.3
    assert "dropout 0.3" in preset.settings_of
    swept = lplcore.parse_spec({"preset": name, "override": {"sweep": preset.grid, "seeds": [0]}}).plan()
    assert len(swept) == (12 if fixed else 6)


@pytest.mark.parametrize("name", [name for name in BALANCED if "isda" in name])
def test_isda_is_its_authors(name: str) -> None:
    values = values_of(name)
    (isda,) = values["method"]["perturbations"]
    assert (isda["strength"], isda["growth"], isda["covariance"]) == (0.5, "epoch", "full")
    assert values["model"]["dropout"] == (0.3 if "dropout" in name else 0)
    assert plugins("preset")[name].follows == "official"


def test_a_row_of_others_says_what_is_not_known_of_it() -> None:
    for name in BALANCED:
        preset = plugins("preset")[name]
        if preset.follows == "field":
            assert "supplement" in preset.settings_of
            assert ("generated" in preset.settings_of) is ("gan_" in name)
