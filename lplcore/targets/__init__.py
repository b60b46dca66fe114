"""Target transforms: change labels, and with them inputs, before the loss."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.plugin import Plugin
from lplcore.statistics import ClassStatistics


class Target(Plugin):
    """A target transform.

    Class attributes: `makes_soft` says that it turns labels [N] into soft targets [N, C], `mixes_inputs` that it
    changes the network's inputs too, `only_in_training` that a criterion in evaluation mode leaves it out.
    """

    makes_soft: ClassVar[bool] = True
    only_in_training: ClassVar[bool] = False
    mixes_inputs: ClassVar[bool] = False

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps targets to targets, or (inputs [N, ...], targets) to both where `mixes_inputs`.

        Targets are labels [N] int64 or soft targets [N, C] in the type of the loss.
        """


def soft(targets: Tensor, num_classes: int, dtype: torch.dtype) -> Tensor:
    """Targets, labels [N] or soft ones, as [N, C]."""
    if targets.dim() == 2:
        return targets.to(dtype)
    return functional.one_hot(targets, num_classes).to(dtype)
