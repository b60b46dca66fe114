"""Perturbations: what is added to the logits before the base loss (the paper's Eq. 15)."""

from abc import abstractmethod
from typing import NamedTuple

from torch import Tensor, nn

from lplcore.plugin import Plugin
from lplcore.statistics import ClassStatistics


class PerturbationInput(NamedTuple):
    """What a perturbation may look at. N examples, C classes, D features."""

    raw_logits: Tensor
    """[N, C], the network's output in float32 or wider."""
    logits: Tensor
    """[N, C], raw logits plus the perturbations earlier in the list."""
    labels: Tensor
    """[N] int64."""
    features: Tensor | None
    """[N, D], input of the last layer, where a method asks for it."""
    classifier: nn.Module | None
    """The last layer, where a method asks for it."""
    progress: float | None
    """Share of training done, 0 to 1."""
    update: bool
    """Whether running statistics take this batch in."""


class PerturbationOutput(NamedTuple):
    """What a perturbation answers."""

    perturbation: Tensor
    """[N, C] or broadcastable to it; added to the logits."""
    observations: dict[str, Tensor]
    """Per-class values [C] worth recording, NaN where the batch says nothing about a class."""


class Perturbation(Plugin):
    """A perturbation of the logits."""

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps a PerturbationInput to a PerturbationOutput."""

    def check(self, num_classes: int) -> list[tuple[str, str]]:
        """(field, message) for every parameter that does not fit the number of classes."""
        return []
