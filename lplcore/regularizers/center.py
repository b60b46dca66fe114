"""Center loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.feature_state import FeatureState
from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.vmap_levels import is_batched, take_in, whole_batch
from lplcore.regularizers import CriterionInput, Regularizer


class Center(Regularizer):
    """Adds weight * |f - c_y|^2: draws an example's features to its class's centre.

    Centres begin at zero and take one step of gradient descent on the mean of |f - c_y|^2 per training batch, of rate
    `center_lr`, after the loss has been taken.
    """

    title: ClassVar[str] = "Center loss"
    citation: ClassVar[str] = "Wen et al., A discriminative feature learning approach, ECCV 2016, Eq. 2 and 5"
    formula: ClassVar[str] = r"\lambda \|f - \mu_y\|_2^2"
    effect: ClassVar[str] = (
        "Draws the features of a class together, head and tail alike; a rare class's centre is known from few examples."
    )
    advice: ClassVar[str] = "A small gain over cross entropy on long-tailed digits, far behind logit adjustment."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"weight": 0.0}

    name: Literal["center"] = "center"
    weight: float = Field(
        0.003,
        ge=0,
        le=1e6,
        description="lambda, weight of the term",
        json_schema_extra={"slider": {"min": 0, "max": 0.05, "step": 0.001}},
    )
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
        """Centres [C, D] at zero."""
        return {"centers": torch.zeros(self.num_classes, num_features, dtype=torch.float32)}

    def forward(self, inputs: CriterionInput) -> Tensor:
        """The term of every example [N]; in training the centres take a step."""
        features = inputs.needed_features("center")
        self.allocate(features.shape[1], features.device)
        difference = features - self.centers.to(features.dtype)[inputs.labels]
        difference = inputs.without_ignored(difference)
        if inputs.update:
            self._move(inputs, difference.detach())
        return self.options.weight * (difference**2).sum(dim=1)

    def _move(self, inputs: CriterionInput, difference: Tensor) -> None:
        """Take a step with the whole batch, also where `vmap` shows a part of it."""
        labels, number = inputs.labels, inputs.number()
        if not torch.compiler.is_compiling() and is_batched(labels, difference):
            # Of the sum all are mapped over, whichever of its terms is.
            mapped = torch.zeros_like(difference) + (torch.zeros_like(labels) + 0 * inputs.share())[:, None]
            number = whole_batch(mapped[:, 0].long() + inputs.share()).sum().clamp(min=1).to(difference.dtype)
            labels, difference = whole_batch(labels + mapped[:, 0].long()), whole_batch(difference + mapped)
        step = 2 * self.options.center_lr / number * difference.to(self.centers.dtype)
        take_in(lambda rows, values: self.centers.index_add_(0, rows, values), labels, step)
