"""Optimisers."""

from abc import abstractmethod
from collections.abc import Iterable

import torch
from torch import nn

from lplcore.plugin import Plugin


class Optimizer(Plugin):
    """An optimiser; `lr` is the rate before the schedule."""

    lr: float
    clip_norm: float | None

    @abstractmethod
    def build(
        self, parameters: Iterable[nn.Parameter], *, undecayed: Iterable[nn.Parameter] = ()
    ) -> torch.optim.Optimizer:
        """The optimiser of these parameters; the undecayed ones take no weight decay."""
