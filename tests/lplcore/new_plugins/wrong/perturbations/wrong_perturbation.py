"""A perturbation that depends on the numbering of the classes."""

from typing import ClassVar, Literal

import torch
from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import Perturbation
from lplcore.perturbations.logit_adjustment import ClassRow


class WrongPerturbation(Perturbation):
    """Adds the class's number to its logit."""

    title: ClassVar[str] = "Wrong perturbation"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["wrong_perturbation"] = "wrong_perturbation"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return ClassRow(torch.arange(statistics.num_classes, dtype=torch.float64))
