"""What a training step asks of a criterion; `lplcore.Criterion` is one."""

import torch
from torch import Tensor, nn

from lplcore.frame.outputs import CriterionOutput
from lplcore.frame.statistics import ClassStatistics


class StepCriterion(nn.Module):
    """A criterion as trainer and procedures see it. N examples, C classes."""

    statistics: ClassStatistics
    ignore_index: int

    def begin_epoch(self, progress: float, device: torch.device | None = None) -> None:
        """Say how much of the training is done as an epoch begins."""
        raise NotImplementedError

    def mix(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Network inputs [N, ...] and labels [N] as the method trains on them."""
        raise NotImplementedError

    def included(self, labels: Tensor) -> Tensor | None:
        """Which labels are not ignored, None where all count."""
        raise NotImplementedError

    def evaluate(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        features: Tensor | None = None,
        classifier: nn.Module | None = None,
        progress: float | Tensor | None = None,
    ) -> CriterionOutput:
        """The losses of logits [N, C] with what a trainer records."""
        raise NotImplementedError
