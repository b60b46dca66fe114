"""Regularisers: a term added to the loss, which may own state."""

from abc import abstractmethod

from torch import nn

from lplcore.frame.inputs import CriterionInput
from lplcore.frame.part import CriterionPart
from lplcore.frame.statistics import ClassStatistics


class Regularizer(CriterionPart):
    """A term that is added to the weighted base loss; its module may own parameters and state."""

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps a CriterionInput to a term per example [N], or to a scalar that every loss gets."""


__all__ = ["CriterionInput", "Regularizer"]
