"""Weights by the inverse square root of the count."""

from typing import ClassVar, Literal

from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.weightings import ClassWeights, Weighting, class_table


class NewWeighting(Weighting):
    """n_c^-1/2, scaled to mean 1."""

    title: ClassVar[str] = "New weighting"

    name: Literal["new_weighting"] = "new_weighting"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        counts = statistics.counts()
        return ClassWeights(class_table(counts.clamp(min=1) ** -0.5, counts, normalize="mean"))
