"""Samplers: which examples make the batches of an epoch."""

from abc import abstractmethod

import torch
from torch import Tensor

from lplcore.plugin import Plugin


class Sampler(Plugin):
    """A sampler."""

    @abstractmethod
    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Indices [M] int64 of one epoch's training examples in order, from labels [N] and the epoch's generator."""


def drawn_by_class(sequence: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Indices [M] of examples of the classes [M] in a sequence.

    The k-th mention of a class takes the k-th of its examples in a random order, so that all of a class's examples come
    up before one comes again.
    """
    shuffled = torch.randperm(labels.shape[0], generator=generator)
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    counts = labels.bincount(minlength=int(sequence.max()) + 1)
    first = counts.cumsum(0) - counts
    return by_class[first[sequence] + mention(sequence) % counts[sequence]]


def mention(sequence: Tensor) -> Tensor:
    """[M] how often each entry has occurred before it."""
    ordered, order = torch.sort(sequence, stable=True)
    positions = torch.arange(sequence.shape[0])
    starts = torch.searchsorted(ordered, ordered)
    return torch.empty_like(order).scatter(0, order, positions - starts)
