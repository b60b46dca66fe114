"""Perturbations: what is added to the logits before the base loss (the paper's Eq. 15)."""

from abc import abstractmethod
from typing import ClassVar, Literal, NamedTuple

from torch import Tensor, nn

from lplcore.frame.inputs import CriterionInput
from lplcore.frame.part import CriterionPart
from lplcore.frame.statistics import ClassStatistics


class PerturbationOutput(NamedTuple):
    """What a perturbation adds to the logits, and what a trainer may record of it. N examples, C classes."""

    perturbation: Tensor
    """[N, C] or broadcastable to it; added to the logits."""
    observations: dict[str, Tensor]
    """Per-class values [C] worth recording, NaN where the batch says nothing about a class."""


class Perturbation(CriterionPart):
    """Adds [N, C] to the logits before the base loss; the next perturbation in the list sees the sum.

    Class attributes: `hard_labels` says that it needs one label per example, `head` the kind of last layer it needs
    (None: any).
    """

    hard_labels: ClassVar[bool] = False
    head: ClassVar[Literal["linear", "cosine"] | None] = None

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps a CriterionInput to a PerturbationOutput."""

    def check(self, num_classes: int, task: str) -> list[tuple[str, str]]:
        """(field, message) for every parameter that does not fit the number of classes or the task."""
        return []


__all__ = ["CriterionInput", "Perturbation", "PerturbationOutput"]
