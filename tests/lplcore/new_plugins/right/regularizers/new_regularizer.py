"""A penalty on long features."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.regularizers import CriterionInput, Regularizer


class NewRegularizer(Regularizer):
    """weight * |f|^2."""

    title: ClassVar[str] = "New regulariser"
    neutral: ClassVar[Mapping[str, Any] | None] = {"weight": 0.0}
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["new_regularizer"] = "new_regularizer"
    weight: float = Field(0.1, description="weight of the term")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return FeatureNorm(self.weight)


class FeatureNorm(nn.Module):
    """The term of every example [N]."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, inputs: CriterionInput) -> Tensor:
        """[N]."""
        return self.weight * (inputs.needed_features("new_regularizer") ** 2).sum(dim=1)
