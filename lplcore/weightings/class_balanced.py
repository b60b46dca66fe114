"""Weights by the effective number of examples."""

import math
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from lplcore.statistics import ClassStatistics
from lplcore.weightings import ClassWeights, Weighting, normalized


class ClassBalanced(Weighting):
    """w_c in proportion to (1 - beta) / (1 - beta^n_c), with mean 1 over the classes that have examples.

    beta = 0 weighs all classes alike, beta towards 1 by inverse frequency.
    """

    title: ClassVar[str] = "Class-balanced weights"
    citation: ClassVar[str] = "Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019, Eq. 12"

    name: Literal["class_balanced"] = "class_balanced"
    beta: float = Field(0.9999, ge=0, lt=1, description="beta, (N - 1) / N for N different prototypes of a class")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        counts = torch.tensor(statistics.class_counts, dtype=torch.float64)
        log_beta = math.log(self.beta) if self.beta else -math.inf
        effective = -torch.expm1(counts.clamp(min=1) * log_beta)
        return ClassWeights(normalized(1 / effective, counts))
