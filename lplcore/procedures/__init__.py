"""Procedures: the training step of a method, and later its stages."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from lplcore.criterion import Criterion, CriterionOutput
from lplcore.models import Classifier
from lplcore.plugin import Plugin


@dataclass(frozen=True)
class TrainingState:
    """What a training step works on."""

    model: Classifier
    criterion: Criterion
    optimizer: torch.optim.Optimizer
    clip_norm: float | None
    """Largest L2 norm of the whole gradient, None for no limit."""
    autocast_dtype: torch.dtype | None
    """What the network computes in, None for its own type."""
    device: torch.device


class Procedure(Plugin):
    """A procedure."""

    @abstractmethod
    def step(
        self, state: TrainingState, inputs: Tensor, labels: Tensor, *, progress: float
    ) -> tuple[Tensor, CriterionOutput]:
        """One optimiser step on inputs [N, ...] and labels [N], `progress` of training done (0 to 1).

        Returns the clean logits [N, C] and the criterion's output, both detached.
        """
