"""Weights by the effective number of examples."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.weightings import ClassWeights, Weighting, class_table


class ClassBalanced(Weighting):
    """w_c = (1 - beta) / (1 - beta^n_c); single label: scaled to mean 1 over the classes that have examples.

    beta = 0 weighs all classes alike, beta towards 1 by inverse frequency. Multi label: an example's weight is the mean
    over its labels (1 without any), unscaled, and the default of beta is 0.9, all as in Wu et al.'s code (ECCV 2020).
    """

    title: ClassVar[str] = "Class-balanced weights"
    citation: ClassVar[str] = "Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019, Eq. 12"
    formula: ClassVar[str] = r"w_c = \frac{1 - \beta}{1 - \beta^{n_c}}"
    effect: ClassVar[str] = (
        "The tail counts more and the head less: alike at beta 0, by inverse frequency as beta nears 1. Single "
        "label: scaled to mean 1."
    )
    advice: ClassVar[str] = (
        "Simple and cheap; on long-tailed digits ahead of cross entropy, behind logit adjustment. For multi "
        "label the default beta 0.9 is about 0.1 for all labels with 20 positives or more, which only slows "
        "the training: raise it, or scale the weights to mean 1."
    )
    task_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {"multi_label": {"beta": 0.9, "normalize": "none"}}
    neutral: ClassVar[Mapping[str, Any] | None] = {"beta": 0.0}

    name: Literal["class_balanced"] = "class_balanced"
    beta: float = Field(
        0.9999,
        ge=0,
        lt=1,
        description="beta, (N - 1) / N for N different prototypes of a class",
        json_schema_extra={"slider": {"min": 0.9, "max": 0.9999, "step": 0.0001}},
    )
    normalize: Literal["mean", "none"] = Field(
        "mean", description="mean: scaled to mean 1 over the classes; none: as it is (default for multi label)"
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        counts = statistics.counts()
        log_beta = math.log(self.beta) if self.beta else -math.inf
        effective = -torch.expm1(counts.clamp(min=1) * log_beta)
        return ClassWeights(class_table((1 - self.beta) / effective, counts, normalize=self.normalize))
