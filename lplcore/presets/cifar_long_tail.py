"""Common parts of the CIFAR-LT presets: whose training settings there are."""

from collections.abc import Mapping
from typing import Any

SEEDS = [0, 1, 2, 3, 4]
BASE: dict[str, Any] = {
    "model": {"name": "resnet32"},
    "augmentation": {"name": "pad_crop_flip"},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 2e-4},
    "schedule": {"name": "multistep", "milestones": [160, 180], "gamma": 0.01, "warmup_epochs": 5},
    "epochs": 200,
    "batch_size": 128,
    "seeds": SEEDS,
}
"""LDAM's official settings, the 200 epochs that the field uses on CIFAR-LT."""
LONG_SCHEDULES: dict[str, tuple[int, list[int], int]] = {
    "cifar10": (1241, [604, 926, 1128], 20),
    "cifar100": (1419, [691, 1059, 1290], 22),
}
"""Epochs, milestones and warm-up of logit adjustment's official code."""
SHORT: dict[str, Any] = {"epochs": 6, "schedule": {"name": "cosine", "warmup_epochs": 1}, "seeds": [0]}
"""Minutes on a CPU."""
RELEASED_LPL: dict[str, Any] = {"epsilon": 0.0, "step_rounding": "nearest", "normalize": "column", "detach": False}
"""How the released scripts walk: rounded numbers of steps, column norms, gradients through the walk."""
DECAYED_TWICE = (
    "weight decay 3e-4 is the released scripts' 1e-4 of the optimiser plus 1e-4 * |w|^2 in the loss (gradient 2e-4 w)"
)


def cifar_long_tail(name: str, *, dataset: str, imbalance_factor: float, method: Any) -> dict[str, Any]:
    """A complete spec with LDAM's official settings."""
    return {"name": name, "dataset": {"name": dataset, "imbalance_factor": imbalance_factor}, "method": method, **BASE}


def shortened(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same experiment in six epochs with one seed."""
    return {**spec, **SHORT, "name": name}


def long_schedule(
    name: str, *, dataset: str, method: Any, padding: int, warmup: bool, weight_decay: float
) -> dict[str, Any]:
    """A complete spec at imbalance factor 100 with the epochs and milestones of logit adjustment's official code."""
    epochs, milestones, warmup_epochs = LONG_SCHEDULES[dataset]
    return {
        "name": name,
        "dataset": {"name": dataset, "imbalance_factor": 100.0},
        "method": method,
        "model": {"name": "resnet32"},
        "augmentation": {"name": "pad_crop_flip", "padding": padding},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": weight_decay},
        "schedule": {
            "name": "multistep",
            "milestones": milestones,
            "gamma": 0.1,
            "warmup_epochs": warmup_epochs if warmup else 0,
        },
        "epochs": epochs,
        "batch_size": 128,
        "seeds": SEEDS,
    }
