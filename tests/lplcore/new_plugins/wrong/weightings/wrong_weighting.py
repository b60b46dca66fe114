"""Weights that are infinite for an empty class."""

from typing import ClassVar, Literal

from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.weightings import ClassWeights, Weighting


class WrongWeighting(Weighting):
    """1 / n_c."""

    title: ClassVar[str] = "Wrong weighting"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["wrong_weighting"] = "wrong_weighting"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return ClassWeights(1 / statistics.counts())
