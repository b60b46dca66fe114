"""Softmax cross entropy."""

from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional

from lplcore.losses import Loss
from lplcore.statistics import ClassStatistics


class CrossEntropy(Loss):
    """-log softmax(u)_y per example."""

    title: ClassVar[str] = "Cross entropy"
    citation: ClassVar[str] = "Class-Level Logit Perturbation, Section III-A"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["cross_entropy"] = "cross_entropy"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return CrossEntropyModule()


class CrossEntropyModule(nn.Module):
    """Per-example cross entropy."""

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Logits [N, C], labels [N] to losses [N]."""
        return functional.cross_entropy(logits, labels, reduction="none")
