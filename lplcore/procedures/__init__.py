"""Procedures: the training step of a method, and later its stages."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lplcore.criterion import Criterion, CriterionOutput
from lplcore.plugin import Plugin


@dataclass(frozen=True)
class TrainingState:
    """What a training step works on."""

    model: nn.Module
    criterion: Criterion
    optimizer: torch.optim.Optimizer
    clip_norm: float | None
    autocast_dtype: torch.dtype | None
    device: torch.device


class Procedure(Plugin):
    """A procedure."""

    @abstractmethod
    def step(
        self, state: TrainingState, inputs: Tensor, labels: Tensor, *, progress: float
    ) -> tuple[Tensor, CriterionOutput]:
        """One optimiser step on a batch; returns the clean logits [N, C] and the criterion's output, both detached."""
