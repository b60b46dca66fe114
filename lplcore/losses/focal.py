"""Focal loss, of the softmax or of one sigmoid per class."""

import math
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.losses import Loss, expected, indicator
from lplcore.losses.cross_entropy import SigmoidCrossEntropy, SoftmaxCrossEntropy
from lplcore.statistics import ClassStatistics


class Focal(Loss):
    """(1 - p_y)^gamma * -log p_y per example; the sigmoid form sums it over the classes' binary problems.

    gamma = 0 is cross entropy. The sigmoid form starts the last layer's bias at -log(C - 1).
    """

    title: ClassVar[str] = "Focal loss"
    citation: ClassVar[str] = "Lin et al., Focal loss for dense object detection, ICCV 2017, Eq. 4"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["focal"] = "focal"
    gamma: float = Field(1.0, ge=0, le=100, description="gamma, how much well classified examples are turned down")
    form: Literal["softmax", "sigmoid"] = Field("softmax", description="softmax, or one sigmoid per class")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        if self.gamma == 0:
            return SoftmaxCrossEntropy() if self.form == "softmax" else SigmoidCrossEntropy()
        return SoftmaxFocal(self.gamma) if self.form == "softmax" else SigmoidFocal(self.gamma)

    def initial_bias(self, num_classes: int) -> float | None:
        return None if self.form == "softmax" else -math.log(num_classes - 1)


class SoftmaxFocal(nn.Module):
    """Per-example focal loss of the softmax."""

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N]."""
        log_p = functional.log_softmax(logits, dim=1)
        if targets.dim() == 2:
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
        log_p, log_not_p = functional.logsigmoid(logits), functional.logsigmoid(-logits)
        positive = torch.exp(self.gamma * log_not_p) * log_p
        negative = torch.exp(self.gamma * log_p) * log_not_p
        return -(truth * positive + (1 - truth) * negative).sum(dim=1)


def log_wrong(log_p: Tensor, labels: Tensor) -> Tensor:
    """[N] log(1 - p_y) as the log of the other classes' sum: 1 - p_y itself vanishes in float32 beyond a margin of 17.

    log_p: [N, C] log softmax.
    """
    return log_p.scatter(1, labels[:, None], -torch.inf).logsumexp(dim=1)
