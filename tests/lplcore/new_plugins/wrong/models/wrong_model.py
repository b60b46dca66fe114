"""A network whose features are not its last layer's input."""

import math
from typing import ClassVar, Literal

from torch import Tensor, nn

from lplcore.models import Classifier, Model, ModelOutput


class WrongModel(Model):
    """A hidden layer that it does not show."""

    title: ClassVar[str] = "Wrong model"

    name: Literal["wrong_model"] = "wrong_model"

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return Hiding(self, math.prod(input_shape), num_classes)


class Hiding(Classifier):
    """The network."""

    def __init__(self, options: WrongModel, in_features: int, num_classes: int) -> None:
        super().__init__()
        self.num_features = 16
        self.hidden = nn.Linear(in_features, 16)
        self.classifier = options.build_head(16, num_classes)

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Inputs [N, ...] to logits [N, C] and the wrong features."""
        return ModelOutput(self.classifier(self.hidden(inputs.flatten(1))), inputs.flatten(1))
