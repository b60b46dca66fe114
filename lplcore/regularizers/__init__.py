"""Regularisers: a term added to the loss, which may own parameters."""

from abc import abstractmethod

from torch import nn

from lplcore.plugin import Plugin
from lplcore.statistics import ClassStatistics


class Regularizer(Plugin):
    """A regulariser."""

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps (features [N, D], labels [N]) to a scalar."""
