"""Center loss."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.feature_state import FeatureState
from lplcore.regularizers import CriterionInput, Regularizer
from lplcore.statistics import ClassStatistics


class Center(Regularizer):
    """Adds weight * |f - c_y|^2: draws an example's features to its class's centre.

    Centres begin at zero and take one step of gradient descent on the mean of |f - c_y|^2 per training batch, of rate
    `center_lr`, after the loss has been taken.
    """

    title: ClassVar[str] = "Center loss"
    citation: ClassVar[str] = "Wen et al., A discriminative feature learning approach, ECCV 2016, Eq. 2 and 5"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["center"] = "center"
    weight: float = Field(0.003, ge=0, le=1e6, description="lambda, weight of the term")
    center_lr: float = Field(0.5, ge=0, le=1e3, description="learning rate of the centres")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return CenterModule(self, statistics.num_classes)


class CenterModule(FeatureState):
    """Holds the centres [C, D]."""

    feature_buffer: ClassVar[str] = "centers"
    centers: Tensor

    def __init__(self, options: Center, num_classes: int) -> None:
        super().__init__()
        self.options, self.num_classes = options, num_classes

    def make_buffers(self, num_features: int) -> Mapping[str, Tensor]:
        """Centres at zero."""
        return {"centers": torch.zeros(self.num_classes, num_features, dtype=torch.float32)}

    def forward(self, given: CriterionInput) -> Tensor:
        """[N]."""
        features = given.needed_features("center")
        self.allocate(features.shape[1], features.device)
        difference = features - self.centers.to(features.dtype)[given.labels]
        if given.update:
            rate = 2 * self.options.center_lr / max(features.shape[0], 1)
            self.centers.index_add_(0, given.labels, rate * difference.detach().to(self.centers.dtype))
        return self.options.weight * (difference**2).sum(dim=1)
