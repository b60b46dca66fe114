"""Regularisers: a term added to the loss, which may own state."""

from abc import abstractmethod

from torch import nn

from lplcore.frame.inputs import CriterionInput
from lplcore.frame.part import CriterionPart
from lplcore.frame.statistics import ClassStatistics


class Regularizer(CriterionPart):
    """A regulariser."""

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps a CriterionInput to [N], or to a scalar that is added to every example's loss."""


__all__ = ["CriterionInput", "Regularizer"]
