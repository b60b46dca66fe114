"""A term that counts ignored examples."""

from typing import ClassVar, Literal

from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.regularizers import CriterionInput, Regularizer


class WrongRegularizer(Regularizer):
    """The mean of the squared features of all rows, whatever their labels."""

    title: ClassVar[str] = "Wrong regulariser"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["wrong_regularizer"] = "wrong_regularizer"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return MeanSquare()


class MeanSquare(nn.Module):
    """A scalar."""

    def forward(self, inputs: CriterionInput) -> Tensor:
        """A scalar."""
        return inputs.logits.mean() if inputs.features is None else (inputs.features**2).mean()
