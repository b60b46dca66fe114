"""A last layer alone."""

import math
from typing import ClassVar, Literal

from torch import Tensor

from lplcore.models import Classifier, Model, ModelOutput


class NewModel(Model):
    """A linear classifier of the flattened input."""

    title: ClassVar[str] = "New model"

    name: Literal["new_model"] = "new_model"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return Linear(self, math.prod(input_shape), num_classes)


class Linear(Classifier):
    """The classifier."""

    def __init__(self, options: NewModel, in_features: int, num_classes: int) -> None:
        super().__init__()
        self.num_features = in_features
        self.classifier = options.build_head(in_features, num_classes)

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Inputs [N, ...] to logits [N, C] and features [N, D]."""
        features = inputs.flatten(1)
        return ModelOutput(self.classifier(features), features)
