"""Common parts of the CIFAR-LT presets."""

from typing import Any

BASE: dict[str, Any] = {
    "model": {"name": "resnet32"},
    "augmentation": {"name": "pad_crop_flip"},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 2e-4},
    "schedule": {"name": "multistep", "milestones": [160, 180], "gamma": 0.01, "warmup_epochs": 5},
    "epochs": 200,
    "batch_size": 128,
    "seeds": [0, 1, 2, 3, 4],
}


def cifar_long_tail(name: str, *, dataset: str, imbalance_factor: float, method: Any) -> dict[str, Any]:
    """A complete spec with the 200-epoch schedule that the field uses on CIFAR-LT (LDAM's official settings)."""
    return {"name": name, "dataset": {"name": dataset, "imbalance_factor": imbalance_factor}, "method": method, **BASE}
