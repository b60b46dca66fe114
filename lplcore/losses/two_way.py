"""Two-way multi-label loss."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss

ABSENT = -1e30
"""Logit of what is left out of a log-sum-exp; finite, so that gradients of empty sums are zero and not undefined."""


class TwoWay(Loss):
    """softplus(T- lse(u / T-, negatives) + T+ lse(-u / T+, positives)) per example, and the same per class.

    The loss is the mean over the examples that have a positive plus the mean over the classes that have one in the
    batch. An entry [i, c] carries its example's and its class's term, scaled so that the mean over all entries is that.
    """

    title: ClassVar[str] = "Two-way loss"
    citation: ClassVar[str] = "Kobayashi, Two-way multi-label loss, CVPR 2023, Eq. 9 to 13"
    formula: ClassVar[str] = (
        r"\ell = \log\left(1 + \exp\left(T_{-} \log \sum_{c: y_c = 0} \exp\left(\frac{u_c}{T_{-}}\right) + "
        r"T_{+} \log \sum_{c: y_c = 1} \exp\left(-\frac{u_c}{T_{+}}\right)\right)\right)"
    )
    effect: ClassVar[str] = (
        "Pushes every positive above every negative, within each example and, by the same formula over the "
        "batch, within each class. A class's term counts alike whether it is rare or frequent."
    )
    advice: ClassVar[str] = (
        "Clip the gradient's norm to 1, as the method two_way does. mAP is below that of binary cross entropy "
        "on scene and yeast; macro F1 is above it on yeast."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    hard_entries: ClassVar[bool] = True

    name: Literal["two_way"] = "two_way"
    positive_temperature: float = Field(
        4.0,
        gt=0,
        le=1000,
        description="T+, temperature of the positives",
        json_schema_extra={"slider": {"min": 0.5, "max": 8, "step": 0.5}},
    )
    negative_temperature: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="T-, temperature of the negatives",
        json_schema_extra={"slider": {"min": 0.5, "max": 8, "step": 0.5}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return TwoWayModule(self)


class TwoWayModule(nn.Module):
    """The loss spread over the entries."""

    needs_batch: ClassVar[str] = "the batch's other examples, which two_way ranks within every class"

    def __init__(self, options: TwoWay) -> None:
        super().__init__()
        self.options = options

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits and multi-hot targets [N, C] to losses [N, C]."""
        return self._over(logits, targets, dim=1) + self._over(logits, targets, dim=0)

    def _over(self, logits: Tensor, targets: Tensor, *, dim: int) -> Tensor:
        """The term of every line along a dimension, 0 for lines without positives; broadcasts to [N, C]."""
        hot, cold = self.options.positive_temperature, self.options.negative_temperature
        positive, negative = targets > 0, targets == 0
        shown = negative & (logits != -torch.inf)
        highest = cold * (logits / cold).masked_fill(~shown, ABSENT).logsumexp(dim=dim, keepdim=True)
        lowest = hot * (-logits / hot).masked_fill(~positive, ABSENT).logsumexp(dim=dim, keepdim=True)
        counted = positive.any(dim=dim, keepdim=True)
        term = torch.where(counted, functional.softplus(highest + lowest), 0.0)
        # The mean over the entries with a label is to be the mean over the lines that count.
        labelled = positive | negative
        entries = labelled.sum().to(term.dtype) / labelled.sum(dim=dim, keepdim=True).clamp(min=1)
        return term * (entries / counted.sum().clamp(min=1))
