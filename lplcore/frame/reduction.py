"""From losses per example to the mean that training minimises. N examples, C classes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Terms(NamedTuple):
    """The parts of a criterion's losses, each [N] (multi label: [N, C]); 0 for what is ignored."""

    loss: Tensor
    """Weighted losses with the regularisers added."""
    included: Tensor | None
    """Whether each counts; None where all do."""
    by_weights: ByWeights | None
    """Set where the mean divides by the weights."""

    def mean(self) -> Tensor:
        """A scalar, 0 where all is ignored."""
        if self.by_weights is None:
            return mean_of(self.loss, self.included)
        return self.by_weights.mean(self.included)


class ByWeights(NamedTuple):
    """The parts of a mean that divides by the sum of the weights."""

    weighted: Tensor
    """Weighted losses alone."""
    weights: Tensor
    """Of the same shape or broadcastable to it."""
    added: list[Tensor]
    """Every regulariser's term, [N] or a scalar: of these it is the mean over the examples."""

    def scaled(self, factors: Tensor) -> ByWeights:
        """With factors [N] on the losses and not on the weights."""
        return ByWeights(factors * self.weighted, self.weights, [factors * term for term in self.added])

    def mean(self, included: Tensor | None) -> Tensor:
        """A scalar, 0 where all is ignored."""
        weighted = without(self.weighted, included)
        weights = without(self.weights.expand_as(weighted), included).sum()
        total = weighted.sum() / weights.clamp(min=torch.finfo(weights.dtype).tiny)
        for term in self.added:
            total = total + mean_of(term.expand_as(weighted), included)
        return total


def without(values: Tensor, included: Tensor | None) -> Tensor:
    """Values with 0 in the place of what is ignored."""
    return values if included is None else torch.where(included, values, 0.0)


def mean_of(values: Tensor, included: Tensor | None) -> Tensor:
    """The mean of what counts; 0 where all is ignored."""
    if included is None:
        return values.mean()
    return without(values, included).sum() / included.sum().clamp(min=1)
