"""A loss of the wrong shape."""

from typing import ClassVar, Literal

from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss
from lplcore.losses.cross_entropy import SoftmaxCrossEntropy


class WrongLoss(Loss):
    """Cross entropy as a column [N, 1]."""

    title: ClassVar[str] = "Wrong loss"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["wrong_loss"] = "wrong_loss"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return Column()


class Column(SoftmaxCrossEntropy):
    """Losses [N, 1] of logits [N, C]."""

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N, 1]."""
        return super().forward(logits, targets, progress)[:, None]
