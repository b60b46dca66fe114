"""An epoch: the order of its examples, their random numbers, and how it is cut into batches."""

import itertools
from dataclasses import dataclass

from torch import Tensor

from lplcore.frame.batch_parts import sizes
from lplcore.randomness import generator, rows
from lplcore.samplers import Sampler
from lplcore.spec.experiment import ExperimentSpec


@dataclass(frozen=True)
class Epoch:
    """What the steps of an epoch work on."""

    order: Tensor
    """[M] int64, the training examples in their order."""
    bounds: list[int]
    """Position at which each step begins, and M' at last (M' < M where the last batch is dropped)."""
    seed: int
    number: int
    """Of the epoch, from 0."""

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.bounds) - 1

    @property
    def all(self) -> slice:
        """The positions of all steps."""
        return slice(0, self.bounds[-1])

    def positions(self, step: int) -> slice:
        """The positions of a step."""
        return slice(self.bounds[step], self.bounds[step + 1])

    def draws(self, positions: slice, *, width: int, first: int = 0) -> Tensor:
        """Random numbers of the augmentation at some positions, [N, width - first] float32: its columns from one on."""
        number = positions.stop - positions.start
        drawn = rows(self.seed, "augmentation", self.number, number=number, width=width, first=positions.start)
        return drawn[:, first:]


def drawn_epoch(spec: ExperimentSpec, sampler: Sampler, labels: Tensor, *, seed: int, epoch: int) -> Epoch:
    """An epoch's order and batches, on the CPU."""
    order = sampler.order(labels, generator(seed, "order", epoch))
    pieces = sizes(order.shape[0], spec.batch_size, least=spec.model.smallest_batch, drop_last=spec.drop_last)
    return Epoch(order, [0, *itertools.accumulate(pieces)], seed, epoch)
