"""Generalised cross entropy, plain and truncated."""

import math
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.inputs import reached
from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss, expected


class GeneralizedCrossEntropy(Loss):
    """(1 - p_y^q) / q per example: between cross entropy (q towards 0) and the mean absolute error (q = 1).

    Truncated, examples with p_y <= k have the constant loss (1 - k^q) / q, which leaves them out of the gradient; this
    is decided at every step from the current p_y.
    """

    title: ClassVar[str] = "Generalised cross entropy"
    citation: ClassVar[str] = "Zhang, Sabuncu, Generalized cross entropy loss, NeurIPS 2018, Eq. 6 and 9"
    formula: ClassVar[str] = r"\ell = \frac{1 - p_y^{q}}{q}"
    effect: ClassVar[str] = (
        "The gradient of examples with a small p_y vanishes, so that wrong labels do little harm; tail "
        "examples, whose p_y is small for long, learn little too."
    )
    advice: ClassVar[str] = (
        "For labels with noise, not for long tails: on long-tailed digits it misses the rare classes."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    bounded: ClassVar[bool] = True

    name: Literal["generalized_cross_entropy"] = "generalized_cross_entropy"
    q: float = Field(
        0.7,
        gt=0,
        le=1,
        description="q, the exponent of the true class's probability",
        json_schema_extra={"slider": {"min": 0.05, "max": 1, "step": 0.05}},
    )
    truncation: float | None = Field(None, gt=0, lt=1, description="k; 0.5 in the source; null for the plain loss")
    truncation_start: float = Field(
        1 / 3, ge=0, le=1, description="share of the training after which truncation begins (40 of 120 epochs)"
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return GeneralizedCrossEntropyModule(self)


class GeneralizedCrossEntropyModule(nn.Module):
    """Per-example generalised cross entropy."""

    def __init__(self, options: GeneralizedCrossEntropy) -> None:
        super().__init__()
        self.options = options

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N]."""
        log_p = functional.log_softmax(logits, dim=1)
        if self.options.truncation is not None:
            if progress is None:
                raise ValueError("progress: truncation begins during training; give the share of it that is done")
            started = reached(progress, self.options.truncation_start)
            log_p = torch.where(started, log_p.clamp(min=math.log(self.options.truncation)), log_p)
        return expected(-torch.expm1(self.options.q * log_p) / self.options.q, targets)
