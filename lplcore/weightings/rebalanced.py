"""Re-balanced weights (R-BCE)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.weightings import CriterionInput, Weighting


class Rebalanced(Weighting):
    """w_ic = alpha + sigmoid(beta * (r_ic - mu)), r_ic = (1 / n_c) / sum over the example's labels j of 1 / n_j.

    Takes back what class-aware sampling over-draws of classes that come along with others; made for that sampler. The
    weights are the same for positives and negatives. An example without any label has r = infinity: alpha + 1.
    """

    title: ClassVar[str] = "Re-balanced weights (R-BCE)"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020, Eq. 3-5"
    formula: ClassVar[str] = (
        r"w_{ic} = \alpha + \sigma(\beta (r_{ic} - \mu)), \quad r_{ic} = \frac{1 / n_c}{\sum_{j: y_{ij} = 1} 1 "
        "/ n_j}"
    )
    effect: ClassVar[str] = (
        "Takes back what class-aware sampling over-draws of frequent labels that come along with rare ones; "
        "rare labels keep their weight."
    )
    advice: ClassVar[str] = (
        "Only with class-aware sampling of multi-label data. On scene and yeast, hardly long tails, it gained no mAP."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"alpha": 0.5, "beta": 0.0}

    name: Literal["rebalanced"] = "rebalanced"
    alpha: float = Field(
        0.1,
        ge=0,
        le=1000,
        description="alpha, lifts all weights above zero",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )
    beta: float = Field(
        10.0,
        ge=0,
        le=1e6,
        description="beta, steepness of the smoothing",
        json_schema_extra={"slider": {"min": 0, "max": 20, "step": 1}},
    )
    mu: float = Field(
        0.2,
        ge=0,
        le=1,
        description="mu, centre of the smoothing; 0.2 on COCO-MLT, 0.3 on VOC-MLT",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return RebalancedModule(self, statistics)


class RebalancedModule(nn.Module):
    """Holds 1 / n_c."""

    table: Tensor

    def __init__(self, options: Rebalanced, statistics: ClassStatistics) -> None:
        super().__init__()
        self.options = options
        counts = statistics.counts()
        # A class without training examples is treated as one with a single example.
        self.register_buffer("table", 1 / counts.clamp(min=1), persistent=False)

    def forward(self, inputs: CriterionInput) -> Tensor:
        """Weights [N, C]."""
        inverse = self.table.to(inputs.logits.dtype)
        drawn = (inputs.labels @ inverse).clamp(min=1e-30)
        ratio = inverse / drawn[:, None]
        return self.options.alpha + torch.sigmoid(self.options.beta * (ratio - self.options.mu))
