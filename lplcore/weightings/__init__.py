"""Weightings: a weight per example, which may depend on progress."""

from abc import abstractmethod

from torch import nn

from lplcore.plugin import Plugin
from lplcore.statistics import ClassStatistics


class Weighting(Plugin):
    """A weighting."""

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps (labels [N], progress or None) to weights [N]."""
