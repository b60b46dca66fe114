"""Binary cross entropy of every class."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.masked_classes import unmasked, with_limits
from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss


class BinaryCrossEntropy(Loss):
    """y log(1 + e^-u) + (1 - y) log(1 + e^(lambda u)) / lambda for every entry of the multi-hot labels.

    lambda = 1 is empirical risk minimisation (ERM); above 1 negatives that are well classified lose weight.
    """

    title: ClassVar[str] = "Binary cross entropy"
    citation: ClassVar[str] = (
        "Class-Level Logit Perturbation, Eq. 10; lambda: Wu et al., Distribution-balanced loss, ECCV 2020, Eq. 6"
    )
    formula: ClassVar[str] = r"\ell_c = y_c \log(1 + \exp(-u_c)) + \frac{1 - y_c}{\lambda} \log(1 + \exp(\lambda u_c))"
    effect: ClassVar[str] = (
        "Every entry counts alike: of a rare label the many negatives outweigh the few positives. lambda above "
        "1 takes weight from negatives that are well classified."
    )
    advice: ClassVar[str] = (
        "With lambda 1 the base line for multi-label data; a larger lambda belongs to negative-tolerant regularisation."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"negative_scale": 1.0}

    name: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    negative_scale: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="lambda, scale of negatives' logits; Wu et al.: 2 on COCO-MLT, 5 on VOC-MLT",
        json_schema_extra={"slider": {"min": 1, "max": 10, "step": 0.5}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return BinaryCrossEntropyModule(self.negative_scale)


class BinaryCrossEntropyModule(nn.Module):
    """Binary cross entropy of every entry."""

    def __init__(self, negative_scale: float = 1.0) -> None:
        super().__init__()
        self.negative_scale = negative_scale

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits and multi-hot targets [N, C] to losses [N, C]."""
        return with_limits(self._finite(unmasked(logits), targets), logits, targets)

    def _finite(self, logits: Tensor, targets: Tensor) -> Tensor:
        if self.negative_scale == 1:
            return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        logs = log_sigmoids(logits, self.negative_scale)
        return -(targets * logs.right_positive + (1 - targets) * logs.right_negative / self.negative_scale)


class LogSigmoids(NamedTuple):
    """Log probabilities of every entry [N, C], as a positive and as a negative with its logit scaled."""

    right_positive: Tensor
    wrong_positive: Tensor
    right_negative: Tensor
    wrong_negative: Tensor


def log_sigmoids(logits: Tensor, negative_scale: float) -> LogSigmoids:
    """Log probabilities of logits [N, C]."""
    scaled = logits * negative_scale
    return LogSigmoids(
        functional.logsigmoid(logits),
        functional.logsigmoid(-logits),
        functional.logsigmoid(-scaled),
        functional.logsigmoid(scaled),
    )
