"""Cross entropy, of the softmax or of one sigmoid per class."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.masked_classes import unmasked, with_limits, with_mass
from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss, indicator


class CrossEntropy(Loss):
    """-log softmax(u)_y per example, or the sum over classes of the binary cross entropies of sigmoid(u_c).

    The sigmoid form starts the last layer's bias at -log(C - 1), so that every class begins with probability 1 / C, C
    the classes that have training examples (Cui et al., Section 4.3).
    """

    title: ClassVar[str] = "Cross entropy"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Section III-A; sigmoid form: Cui et al., CVPR 2019"
    formula: ClassVar[str] = r"\ell = -\log p_y, \quad p_c = \frac{\exp(u_c)}{\sum_{j} \exp(u_j)}"
    effect: ClassVar[str] = (
        "Every example counts alike, so classes count as often as they occur: the head is favoured, the tail is missed."
    )
    advice: ClassVar[str] = "The base line to compare with; enough where classes are about equally frequent."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {}

    name: Literal["cross_entropy"] = "cross_entropy"
    form: Literal["softmax", "sigmoid"] = Field("softmax", description="softmax, or one sigmoid per class")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return SoftmaxCrossEntropy() if self.form == "softmax" else SigmoidCrossEntropy()

    def shift_invariant(self) -> bool:
        return self.form == "softmax"

    def initial_bias(self, statistics: ClassStatistics) -> float | None:
        return None if self.form == "softmax" else -math.log(max(statistics.num_counted, 2) - 1)


class SoftmaxCrossEntropy(nn.Module):
    """Per-example cross entropy of the softmax."""

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N]."""
        if targets.dim() == 1:
            return functional.cross_entropy(logits, targets, reduction="none")
        return -(targets * with_mass(functional.log_softmax(logits, dim=1), targets)).sum(dim=1)


class SigmoidCrossEntropy(nn.Module):
    """Per-example sum of the classes' binary cross entropies."""

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N]."""
        truth = indicator(targets, logits)
        losses = functional.binary_cross_entropy_with_logits(unmasked(logits), truth, reduction="none")
        return with_limits(losses, logits, truth).sum(dim=1)
