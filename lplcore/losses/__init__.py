"""Base losses: logits and targets to one value per example."""

from abc import abstractmethod

from torch import nn

from lplcore.plugin import Plugin
from lplcore.statistics import ClassStatistics


class Loss(Plugin):
    """A base loss."""

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps (logits [N, C], labels [N]) to losses [N]; for multi label [N, C] to [N, C]."""
