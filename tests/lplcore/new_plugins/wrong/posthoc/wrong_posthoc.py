"""A correction that depends on the numbering of the classes."""

from typing import ClassVar, Literal

import torch
from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.posthoc import Posthoc
from lplcore.posthoc.logit_adjustment import SubtractRow


class WrongPosthoc(Posthoc):
    """u_c - c."""

    title: ClassVar[str] = "Wrong correction"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["wrong_posthoc"] = "wrong_posthoc"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return SubtractRow(torch.arange(statistics.num_classes, dtype=torch.float64))
