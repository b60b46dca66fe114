"""Base losses: logits and targets to one value per example, or per example and class."""

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from lplcore.frame.labels import one_hot
from lplcore.frame.part import CriterionPart
from lplcore.frame.statistics import ClassStatistics


class Loss(CriterionPart):
    """A base loss: one value per example, or per example and class for multi label. The criterion reduces.

    Class attribute: `bounded` says that it is finite even where the true class has probability zero.
    """

    bounded: ClassVar[bool] = False

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps (logits [N, C], targets, progress or None) to losses [N].

        Targets are labels [N] int64 or soft targets [N, C] (multi label: [N, C], and so are the losses).
        """

    def check(self, task: str) -> list[tuple[str, str]]:
        """(field, message) for every parameter that does not fit the task."""
        return []

    def initial_bias(self, statistics: ClassStatistics) -> float | None:
        """What the last layer's bias should start from, None to leave it; such a bias takes no weight decay."""
        return None


def expected(values: Tensor, targets: Tensor) -> Tensor:
    """[N] the entry of values [N, C] at each label, or its expectation under soft targets [N, C]."""
    if targets.dim() == 1:
        return values.gather(1, targets[:, None]).squeeze(1)
    return (targets * values).sum(dim=1)


def indicator(targets: Tensor, like: Tensor) -> Tensor:
    """Targets as [N, C] in the type of `like` [N, C]."""
    if targets.dim() == 2:
        return targets.to(like.dtype)
    return one_hot(targets, like.shape[1], like.dtype)
