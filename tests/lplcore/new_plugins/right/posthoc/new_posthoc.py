"""Logits lowered by half of the log prior."""

from typing import ClassVar, Literal

import torch
from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.posthoc import Posthoc
from lplcore.posthoc.logit_adjustment import SubtractRow


class NewPosthoc(Posthoc):
    """u_c - 0.5 log(prior_c)."""

    title: ClassVar[str] = "New correction"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["new_posthoc"] = "new_posthoc"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return SubtractRow(statistics.log_prior(0.5).masked_fill(~statistics.counted(), torch.inf))
