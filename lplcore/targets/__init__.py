"""Target transforms: change labels, and with them inputs, before the loss."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from lplcore.frame.labels import one_hot
from lplcore.frame.part import CriterionPart
from lplcore.frame.statistics import ClassStatistics


class Target(CriterionPart):
    """A target transform.

    Class attributes: `makes_soft` says that it turns labels [N] into soft targets [N, C], `mixes_inputs` that it
    changes the network's inputs too, `only_in_training` that a criterion in evaluation mode leaves it out, `linear`
    that of mixed labels it makes the mixture of what it makes of each. One that does not make soft targets gives single
    labels anew, soft targets then as rows of zeros and a one.
    """

    makes_soft: ClassVar[bool] = True
    only_in_training: ClassVar[bool] = False
    mixes_inputs: ClassVar[bool] = False
    linear: ClassVar[bool] = True

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps targets to targets, or (inputs [N, ...], targets) to both where `mixes_inputs`.

        Targets are labels [N] int64 or soft targets [N, C] in the type of the loss. Soft targets count as labels that
        were mixed, each class with a weight of its own; but what a `Smoothing` spreads keeps the weight of the label.
        """


class Smoothing(nn.Module):
    """Spreads a share of every target evenly over the classes that have training examples."""

    counted: Tensor

    def __init__(self, statistics: ClassStatistics) -> None:
        super().__init__()
        self.num_classes, self.num_counted = statistics.num_classes, statistics.num_counted
        self.register_buffer("counted", statistics.counted(), persistent=False)

    @abstractmethod
    def share(self, targets: Tensor) -> Tensor:
        """[N] of targets [N, C]."""

    def spread(self, share: Tensor) -> Tensor:
        """[N, C] what a share [N] comes to for every class."""
        return torch.where(self.counted, share[:, None] / self.num_counted, 0.0)

    def forward(self, targets: Tensor, dtype: torch.dtype) -> Tensor:
        """Targets [N] or [N, C] to [N, C]."""
        before = soft(targets, self.num_classes, dtype)
        share = self.share(before)
        return (1 - share)[:, None] * before + self.spread(share)


def soft(targets: Tensor, num_classes: int, dtype: torch.dtype) -> Tensor:
    """Targets, labels [N] or soft ones, as [N, C]."""
    if targets.dim() == 2:
        return targets.to(dtype)
    return one_hot(targets, num_classes, dtype)
