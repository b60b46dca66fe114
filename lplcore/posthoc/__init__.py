"""Post-hoc corrections: change logits at prediction."""

from abc import abstractmethod
from typing import ClassVar

from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.plugin import Plugin


class Posthoc(Plugin):
    """Changes the logits of a trained network; training knows nothing of it.

    Class attribute: `linear_head` says that it reads the weights of a linear last layer.
    """

    linear_head: ClassVar[bool] = False

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps (logits [N, C], the last layer) to logits [N, C]."""
