"""Samplers: which examples make the batches of an epoch."""

from abc import abstractmethod

import torch
from torch import Tensor

from lplcore.plugin import Plugin


class Sampler(Plugin):
    """Puts the training examples of an epoch in order, some perhaps more than once or not at all."""

    @abstractmethod
    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Indices [M] int64 of one epoch's training examples in order, from the labels and the epoch's generator.

        Labels are [N] int64, or multi-hot [N, C], which may be shares between 0 and 1.
        """


def class_counts(labels: Tensor) -> Tensor:
    """[C] examples of each class; C reaches to the largest label where labels are [N]; negative ones are ignored."""
    return labels[labels >= 0].bincount() if labels.dim() == 1 else has_class(labels).sum(dim=0)


def has_class(labels: Tensor) -> Tensor:
    """[N, C] whether an example passes for one of a class; a share of a half or more does."""
    return labels >= 0.5


def drawn_by_class(sequence: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Indices [M] of examples of the classes [M] in a sequence, all of which have examples.

    The k-th mention of a class takes the k-th of its examples in a random order, so that all of a class's examples come
    up before one comes again.
    """
    shuffled = torch.randperm(labels.shape[0], generator=generator)
    if labels.dim() == 1:
        labelled = shuffled[labels[shuffled] >= 0]
        by_class = labelled[labels[labelled].argsort(stable=True)]
    else:
        by_class = shuffled[has_class(labels[shuffled]).T.nonzero()[:, 1]]
    counts = class_counts(labels)
    first = counts.cumsum(0) - counts
    return by_class[first[sequence] + mention(sequence) % counts[sequence]]


def mention(sequence: Tensor) -> Tensor:
    """[M] how often each entry has occurred before it."""
    ordered, order = torch.sort(sequence, stable=True)
    positions = torch.arange(sequence.shape[0])
    starts = torch.searchsorted(ordered, ordered)
    return torch.empty_like(order).scatter(0, order, positions - starts)
