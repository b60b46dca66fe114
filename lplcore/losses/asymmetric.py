"""Asymmetric loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.masked_classes import unmasked, with_limits
from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss
from lplcore.losses.binary_cross_entropy import BinaryCrossEntropyModule


class Asymmetric(Loss):
    """(1 - p)^gamma+ * -log p of positives, p_m^gamma- * -log(1 - p_m) of negatives, p_m = max(p - shift, 0).

    The source sums over entries where this project takes the mean, so that its learning rates do not carry over. The
    gradient runs through the focusing factors, as in the authors' code by default.
    """

    title: ClassVar[str] = "Asymmetric loss"
    citation: ClassVar[str] = "Ridnik et al., Asymmetric loss for multi-label classification, ICCV 2021, Eq. 3 to 7"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \ell_c = -y_c (1 - p_c)^{\gamma_{+}} \log p_c - (1 - y_c) \tilde{p}_c^{\gamma_{-}} "
        r"\log(1 - \tilde{p}_c), \\ & \tilde{p}_c = \max(p_c - m, 0), \\ & p_c = \sigma(u_c) \end{aligned}"
    )
    effect: ClassVar[str] = (
        "Easy negatives, which most entries are, lose weight or drop out, so that the positives of rare labels "
        "stand out."
    )
    advice: ClassVar[str] = (
        "For multi-label data with few positives an example. Against binary cross entropy mAP is a little "
        "higher on scene and lower on yeast, where macro F1 is higher."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"gamma_negative": 0.0, "gamma_positive": 0.0, "shift": 0.0}

    name: Literal["asymmetric"] = "asymmetric"
    gamma_negative: float = Field(
        4.0,
        ge=0,
        le=100,
        description="gamma-, focusing of negatives",
        json_schema_extra={"slider": {"min": 0, "max": 8, "step": 0.5}},
    )
    gamma_positive: float = Field(
        1.0,
        ge=0,
        le=100,
        description="gamma+, of positives; 0 in the authors' runs",
        json_schema_extra={"slider": {"min": 0, "max": 4, "step": 0.5}},
    )
    shift: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="m, probability up to which a negative counts nothing",
        json_schema_extra={"slider": {"min": 0, "max": 0.3, "step": 0.01}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        if self.gamma_negative == self.gamma_positive == self.shift == 0:
            return BinaryCrossEntropyModule()
        return AsymmetricModule(self)


class AsymmetricModule(nn.Module):
    """Asymmetric loss of every entry."""

    def __init__(self, options: Asymmetric) -> None:
        super().__init__()
        self.options = options

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits and multi-hot targets [N, C] to losses [N, C]."""
        finite = unmasked(logits)
        log_p, log_not_p = functional.logsigmoid(finite), functional.logsigmoid(-finite)
        positive = torch.exp(self.options.gamma_positive * log_not_p) * log_p
        losses = -(targets * positive + (1 - targets) * self._negative(log_p, log_not_p))
        return with_limits(losses, logits, targets)

    def _negative(self, log_p: Tensor, log_not_p: Tensor) -> Tensor:
        shift, gamma = self.options.shift, self.options.gamma_negative
        if shift == 0:
            return torch.exp(gamma * log_p) * log_not_p
        share = (log_p.exp() - shift).clamp(min=0)
        return share.clamp(min=torch.finfo(share.dtype).tiny) ** gamma * torch.log1p(-share)
