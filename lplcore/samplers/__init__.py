"""Samplers: which examples make the batches of an epoch."""

from abc import abstractmethod

import torch
from torch import Tensor

from lplcore.plugin import Plugin


class Sampler(Plugin):
    """A sampler."""

    @abstractmethod
    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Indices [M] int64 of one epoch's training examples in order, from labels [N] and the epoch's generator."""
