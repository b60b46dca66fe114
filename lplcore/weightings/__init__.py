"""Weightings: a weight per example, or per example and class."""

from abc import abstractmethod
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.inputs import CriterionInput
from lplcore.frame.part import CriterionPart
from lplcore.frame.statistics import ClassStatistics


class Weighting(CriterionPart):
    """Factors on the base losses. A batch's mean divides by its examples (multi label: entries), or by its weights."""

    reduction: Literal["examples", "weights"] = Field(
        "examples",
        description="what a batch's sum is divided by: its number of examples, or the sum of its weights as "
        "torch's cross_entropy(weight=) does",
    )

    @abstractmethod
    def build(self, statistics: ClassStatistics) -> nn.Module:
        """A module that maps a CriterionInput to weights [N], or [N, C] for multi label.

        Where labels are mixed (`mixture`), entry c of [N, C] is what an example of class c alone would weigh.
        """


class ClassWeights(nn.Module):
    """A fixed weight per class; an example's is that of its class (multi label: the mean over its labels).

    Where labels are mixed every class keeps its own.
    """

    table: Tensor

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table, persistent=False)

    def forward(self, inputs: CriterionInput) -> Tensor:
        """The weight of each example's class [N], weights of all classes [N, C] where labels are mixed."""
        return inputs.by_class(self.table)


class EntryWeights(ClassWeights):
    """A fixed weight per class; an entry's is that of its class, whether positive or negative."""

    def forward(self, inputs: CriterionInput) -> Tensor:
        """Weights [N, C]."""
        return self.table.to(inputs.logits.dtype).expand_as(inputs.logits)


def class_table(weights: Tensor, counts: Tensor, *, normalize: str) -> Tensor:
    """Weights [C] as they are used: scaled to mean 1 over the classes with training examples (`mean`), or not (`none`).

    A class without examples gets the largest weight of the others: it cannot be met in training, and a stream that
    does hold it is neither ignored nor infinite.
    """
    present = counts > 0
    of_present = weights[present]
    if normalize == "mean":
        of_present = of_present / of_present.mean()
    return torch.full_like(weights, float(of_present.max())).masked_scatter(present, of_present)


__all__ = ["ClassWeights", "CriterionInput", "EntryWeights", "Weighting", "class_table"]
