"""Target transforms: change labels before the loss."""

from abc import abstractmethod

from torch import nn

from lplcore.plugin import Plugin
from lplcore.statistics import ClassStatistics


class Target(Plugin):
    """A target transform."""

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps labels [N] to labels [N] or soft targets [N, C]."""
