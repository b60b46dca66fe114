"""Weights by inverse frequency."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from lplcore.statistics import ClassStatistics
from lplcore.weightings import ClassWeights, EntryWeights, Weighting, normalized


class InverseFrequency(Weighting):
    """w_c in proportion to n_c^-power, with mean 1 over the classes that have examples.

    Multi label: the weight of all entries of class c, n_c its number of positives.
    """

    title: ClassVar[str] = "Inverse-frequency weights"
    citation: ClassVar[str] = "Huang et al., Learning deep representation for imbalanced classification, CVPR 2016"

    name: Literal["inverse_frequency"] = "inverse_frequency"
    power: float = Field(1.0, ge=0, le=4, description="1 for inverse frequency, 0.5 for its square root, 0 for none")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        counts = torch.tensor(statistics.class_counts, dtype=torch.float64)
        table = normalized(counts.clamp(min=1) ** -self.power, counts)
        return EntryWeights(table) if statistics.multi_label else ClassWeights(table)
