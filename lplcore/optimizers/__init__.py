"""Optimisers."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from lplcore.plugin import Plugin


class Optimizer(Plugin):
    """An optimiser.

    Fields: `lr`, the learning rate before the schedule's factor, and `clip_norm`, the largest L2 norm of the whole
    gradient, None for no limit.
    """

    lr: float
    clip_norm: float | None

    @abstractmethod
    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """The optimiser of parameter groups in torch's form; a group's own settings go before the record's."""


def in_groups(parameters: list[Any]) -> list[dict[str, Any]]:
    """Parameters, or groups with one or several, as groups with several."""
    if any(isinstance(entry, Tensor) for entry in parameters):
        return [{"params": parameters}]
    return [{**group, "params": listed(group["params"])} for group in parameters]


def listed(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The parameters of a group, of which torch takes a single one without a list."""
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def kinds_of_device(groups: list[dict[str, Any]]) -> set[str]:
    """Where the parameters of all groups lie; a CUDA device has fused optimisers."""
    return {parameter.device.type for group in groups for parameter in group["params"]}


def with_rates(groups: list[dict[str, Any]], lr: float) -> list[dict[str, Any]]:
    """The groups with their learning rates as tensors on the device, where a CUDA graph finds them."""
    return [{**group, "lr": torch.tensor(group.get("lr", lr), device=group["params"][0].device)} for group in groups]


def set_rate(group: dict[str, Any], rate: float) -> None:
    """Give a parameter group its learning rate."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate
