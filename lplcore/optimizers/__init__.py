"""Optimisers."""

from abc import abstractmethod
from typing import Any

import torch

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
