"""Cross entropy at a temperature."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.losses import Loss
from lplcore.losses.cross_entropy import SoftmaxCrossEntropy


class NewLoss(Loss):
    """-log softmax(u / T)_y."""

    title: ClassVar[str] = "New loss"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"temperature": 1.0}

    name: Literal["new_loss"] = "new_loss"
    temperature: float = Field(2.0, gt=0, description="T")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return AtTemperature(self.temperature)


class AtTemperature(SoftmaxCrossEntropy):
    """Losses [N] of logits [N, C]."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, logits: Tensor, targets: Tensor, progress: Tensor | None = None) -> Tensor:
        """Logits [N, C], targets [N] or [N, C] to losses [N]."""
        return super().forward(logits / self.temperature, targets, progress)
