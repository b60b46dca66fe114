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
    draws: Tensor
    """[M, width] float32, the augmentation's random numbers of each position."""
    bounds: list[int]
    """Position at which each step begins, and M' at last (M' < M where the last batch is dropped)."""

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.bounds) - 1

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Indices [N] and draws [N, width] of a step."""
        positions = slice(self.bounds[step], self.bounds[step + 1])
        return self.order[positions], self.draws[positions]


def drawn_epoch(spec: ExperimentSpec, sampler: Sampler, labels: Tensor, *, seed: int, epoch: int) -> Epoch:
    """An epoch's order, draws and batches, on the CPU."""
    order = sampler.order(labels, generator(seed, "order", epoch))
    number = order.shape[0]
    draws = rows(seed, "augmentation", epoch, number=number, width=spec.augmentation.draws)
    pieces = sizes(number, spec.batch_size, least=spec.model.smallest_batch, drop_last=spec.drop_last)
    return Epoch(order, draws, [0, *itertools.accumulate(pieces)])
