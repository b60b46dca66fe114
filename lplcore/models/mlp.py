"""Multi-layer perceptron."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.models import Classifier, Model, ModelOutput

Width = Annotated[int, Field(ge=1, le=65_536)]


WIDEST_OF_ONE_THREAD = 1024


class Mlp(Model):
    """Fully connected layers with ReLU on the flattened input."""

    title: ClassVar[str] = "Multi-layer perceptron"

    name: Literal["mlp"] = "mlp"
    widths: list[Width] = Field(
        default_factory=lambda: [128, 128], min_length=1, max_length=16, description="units of each hidden layer"
    )

    @property
    def parallel(self) -> bool:
        return max(self.widths) > WIDEST_OF_ONE_THREAD

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return MlpModule(self, math.prod(input_shape), num_classes)


class MlpModule(Classifier):
    """Flatten, (linear, ReLU, dropout) per width, classifier."""

    def __init__(self, options: Mlp, in_features: int, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in options.widths:
            layers += [nn.Linear(in_features, width), nn.ReLU(inplace=True)]
            if options.dropout:
                layers.append(nn.Dropout(options.dropout))
            in_features = width
        self.body = nn.Sequential(*layers)
        self.num_features = in_features
        self.classifier = options.build_head(in_features, num_classes)

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Inputs [N, ...] to logits [N, C] and features [N, D]."""
        features = self.body(inputs.flatten(1))
        return ModelOutput(self.classifier(features), features)
