"""Focal loss, of the softmax or of one sigmoid per class."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.masked_classes import unmasked, with_limits, with_mass, with_softmax
from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss, expected, indicator
from lplcore.losses.binary_cross_entropy import BinaryCrossEntropyModule, log_sigmoids
from lplcore.losses.cross_entropy import SigmoidCrossEntropy, SoftmaxCrossEntropy


class Focal(Loss):
    """(1 - p_y)^gamma * -log p_y per example; the sigmoid form sums it over the classes' binary problems.

    gamma = 0 is cross entropy. The sigmoid form starts the last layer's bias as that of cross entropy does. For multi
    label it is always the sigmoid form, per entry, with defaults gamma = 2 and factor = 2 as in Wu et al.'s code; the
    modulating factor then sees the logit of a negative times `negative_scale`.
    """

    title: ClassVar[str] = "Focal loss"
    citation: ClassVar[str] = (
        "Lin et al., Focal loss for dense object detection, ICCV 2017, Eq. 4; multi label: Wu et al., ECCV 2020"
    )
    formula: ClassVar[str] = r"\ell = -(1 - p_y)^{\gamma} \log p_y"
    effect: ClassVar[str] = (
        "Examples that are classified well, mostly of the head, lose weight; hard ones, often of the tail, "
        "keep it. Class counts play no part."
    )
    advice: ClassVar[str] = (
        "A mild remedy that needs no counts. On long-tailed digits it is a little ahead of cross entropy and "
        "far behind logit adjustment."
    )
    task_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "multi_label": {"gamma": 2.0, "form": "sigmoid", "factor": 2.0}
    }
    neutral: ClassVar[Mapping[str, Any] | None] = {"gamma": 0.0, "factor": 1.0, "negative_scale": 1.0}

    name: Literal["focal"] = "focal"
    gamma: float = Field(
        1.0,
        ge=0,
        le=100,
        description="gamma, how much well classified examples are turned down",
        json_schema_extra={"slider": {"min": 0, "max": 5, "step": 0.5}},
    )
    form: Literal["softmax", "sigmoid"] = Field("softmax", description="softmax, or one sigmoid per class")
    factor: float = Field(
        1.0,
        gt=0,
        le=1e6,
        description="multi label: factor on the loss",
        json_schema_extra={"slider": {"min": 0.5, "max": 4, "step": 0.5}},
    )
    negative_scale: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="multi label: lambda, as in binary_cross_entropy; 1 for none",
        json_schema_extra={"slider": {"min": 1, "max": 10, "step": 0.5}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        if statistics.multi_label:
            plain = self.gamma == 0 and self.factor == 1
            return BinaryCrossEntropyModule(self.negative_scale) if plain else MultiLabelFocal(self)
        if self.gamma == 0:
            return SoftmaxCrossEntropy() if self.form == "softmax" else SigmoidCrossEntropy()
        return SoftmaxFocal(self.gamma) if self.form == "softmax" else SigmoidFocal(self.gamma)

    def check(self, task: str) -> list[tuple[str, str]]:
        if task == "multi_label":
            message = "'softmax' makes classes exclude each other, which multi-label data do not; leave it out"
            return [("form", message)] if self.form == "softmax" else []
        names = [name for name in ("factor", "negative_scale") if getattr(self, name) != 1]
        return [(name, "is for multi-label data; leave it out") for name in names]

    def shift_invariant(self) -> bool:
        return self.form == "softmax"

    def initial_bias(self, statistics: ClassStatistics) -> float | None:
        alone = self.form == "softmax" or statistics.multi_label
        return None if alone else -math.log(max(statistics.num_counted, 2) - 1)


class SoftmaxFocal(nn.Module):
    """Per-example focal loss of the softmax."""

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N]."""
        log_p = functional.log_softmax(logits, dim=1)
        if targets.dim() == 2:
            log_p = with_mass(log_p, targets)
            wrong = -torch.expm1(log_p)
            return expected(wrong.clamp(min=torch.finfo(wrong.dtype).tiny) ** self.gamma * -log_p, targets)
        log_true = expected(log_p, targets)
        return torch.exp(self.gamma * log_wrong(log_p, targets)) * -log_true


class SigmoidFocal(nn.Module):
    """Per-example sum over classes of the focal losses of their sigmoids."""

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N]."""
        truth = indicator(targets, logits)
        finite = unmasked(logits)
        log_p, log_not_p = functional.logsigmoid(finite), functional.logsigmoid(-finite)
        positive = torch.exp(self.gamma * log_not_p) * log_p
        negative = torch.exp(self.gamma * log_p) * log_not_p
        return with_limits(-(truth * positive + (1 - truth) * negative), logits, truth).sum(dim=1)


class MultiLabelFocal(nn.Module):
    """Focal loss of every entry."""

    def __init__(self, options: Focal) -> None:
        super().__init__()
        self.options = options

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits and multi-hot targets [N, C] to losses [N, C]."""
        logs = log_sigmoids(unmasked(logits), self.options.negative_scale)
        gamma, scale = self.options.gamma, self.options.negative_scale
        positive = torch.exp(gamma * logs.wrong_positive) * logs.right_positive
        negative = torch.exp(gamma * logs.wrong_negative) * logs.right_negative / scale
        losses = -self.options.factor * (targets * positive + (1 - targets) * negative)
        return with_limits(losses, logits, targets)


def log_wrong(log_p: Tensor, labels: Tensor) -> Tensor:
    """[N] log(1 - p_y) as the log of the other classes' sum: 1 - p_y itself vanishes in float32 beyond a margin of 17.

    log_p: [N, C] log softmax.
    """
    return with_softmax(log_p.scatter(1, labels[:, None], -torch.inf)).logsumexp(dim=1)
