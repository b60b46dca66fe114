"""LADE's estimate of a balanced target distribution."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.regularizers import CriterionInput, Regularizer


class Lade(Regularizer):
    """Adds weight * sum_c prior_c (r_c + remine * r_c^2 - mean of u_c over class c's examples).

    r_c = log mean over the batch of exp(u_c - log prior_c - log C), the Donsker-Varadhan estimate's second term, held
    near zero by `remine`. C and the sum are over classes that have training examples. u are the raw logits; classes
    absent from the batch have a mean of 0. Usually on top of logit adjustment, which is the alias `lade`.
    """

    title: ClassVar[str] = "LADE (label distribution disentangling)"
    citation: ClassVar[str] = "Hong et al., Disentangling label distribution, CVPR 2021, Eq. 9"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \alpha \sum_{c} \pi_c \left(r_c + \lambda r_c^2 - \bar{u}_c\right), \\ & r_c = "
        r"\log\left(\frac{1}{B} \sum_{i} \frac{\exp(u_{ic})}{\pi_c C}\right) \end{aligned}"
    )
    effect: ClassVar[str] = "Takes the training set's class frequencies out of the logits, so that the tail gains."
    advice: ClassVar[str] = (
        "On top of logit adjustment, as the method lade has it. Classes absent from the batch say nothing, so "
        "that many classes need large batches."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"weight": 0.0}
    maskable: ClassVar[bool] = False

    name: Literal["lade"] = "lade"
    weight: float = Field(
        0.1,
        ge=0,
        le=1e6,
        description="alpha, weight of the term",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )
    remine: float = Field(
        0.1,
        ge=0,
        le=1e6,
        description="lambda of the regularised estimate",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )

    def shift_invariant(self) -> bool:
        return False

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return LadeModule(self, statistics)


class LadeModule(nn.Module):
    """Holds the prior as a buffer."""

    needs_batch: ClassVar[str] = "all logits of the batch, of which lade makes its estimate"
    prior: Tensor
    counted: Tensor

    def __init__(self, options: Lade, statistics: ClassStatistics) -> None:
        super().__init__()
        self.options = options
        self.num_counted = statistics.num_counted
        self.register_buffer("prior", statistics.prior(), persistent=False)
        self.register_buffer("counted", statistics.counted(), persistent=False)

    def forward(self, inputs: CriterionInput) -> Tensor:
        """The term, a scalar that every example's loss gets."""
        logits = torch.where(self.counted, inputs.raw_logits, 0.0)
        prior = self.prior.to(logits.dtype)
        truth = inputs.without_ignored(inputs.one_hot())
        examples = truth.sum(dim=0)
        own = (truth * torch.where(truth > 0, logits, 0.0)).sum(dim=0) / torch.where(examples > 0, examples, 1.0)
        shift = prior.clamp(min=1e-9).log() + math.log(self.num_counted)
        second = log_mean_exp(logits - shift, inputs.included)
        return self.options.weight * (prior * (second + self.options.remine * second**2 - own)).sum()


def log_mean_exp(values: Tensor, included: Tensor | None) -> Tensor:
    """[C] log of the mean of exp(values) over the examples of [N, C] that count."""
    if included is None:
        return values.logsumexp(dim=0) - math.log(max(values.shape[0], 1))
    left = values.masked_fill(~included[:, None], -torch.inf)
    return left.logsumexp(dim=0) - included.sum().clamp(min=1).to(values.dtype).log()
