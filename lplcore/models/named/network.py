"""A library's network with a last layer of ours."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.models import Classifier, ModelOutput
from lplcore.models.named.stages import freeze, normalisations
from lplcore.plugin import Record

HEAD_STD = 0.01
"""Standard deviation of the last layer's first weights after a neck."""


class Neck(Record):
    """Linear, batch normalisation, ReLU and dropout between pooled features and the last layer."""

    features: int = Field(256, ge=1, le=65_536, description="length of what the last layer takes")
    dropout: float = Field(0.5, ge=0, lt=1, description="share of it that is zeroed in training")

    def build(self, in_features: int) -> nn.Module:
        """The module [N, in] -> [N, features]."""
        layers = [nn.Linear(in_features, self.features), nn.BatchNorm1d(self.features), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers, nn.Dropout(self.dropout))


class NamedNetwork(Classifier):
    """A body, a neck where one is asked for, dropout, and the last layer as `classifier`.

    Args:
        body: images [N, channels, H, W] to pooled features.
        neck: what makes the last layer's input of them.
        frozen_stages: stages of the body that neither learn nor count statistics.
        frozen_statistics: whether none of the body's stages count statistics.
        body_rate: factor on the learning rate of the body's parameters.
    """

    def __init__(
        self,
        body: nn.Module,
        neck: nn.Module | None,
        classifier: nn.Module,
        *,
        num_features: int,
        dropout: float,
        frozen_stages: int,
        frozen_statistics: bool,
        body_rate: float,
    ) -> None:
        super().__init__()
        self.body, self.neck, self.classifier = body, neck, classifier
        self.num_features, self.dropout, self.body_rate = num_features, dropout, body_rate
        self.frozen = freeze(body, frozen_stages)
        if frozen_statistics:
            self.frozen += normalisations(body)
        if neck is not None:
            restart(classifier)
        self.train()  # frozen stages are in evaluation mode from the first step on

    def train(self, mode: bool = True) -> Self:
        """Training mode, what is frozen excepted."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def rate_factors(self) -> Mapping[nn.Parameter, float]:
        if self.body_rate == 1:
            return {}
        return dict.fromkeys(self.body.parameters(), self.body_rate)

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Images [N, channels, H, W] to logits [N, C] and features [N, D]."""
        return self.from_pooled(self.pooled(inputs))

    def pooled(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, H, W] to the body's features."""
        features: Tensor = self.body(inputs)
        return features

    def from_pooled(self, pooled: Tensor) -> ModelOutput:
        """The body's features through neck and last layer."""
        features = pooled
        if self.neck is not None:
            features = self.neck(features)
        if self.dropout:
            features = functional.dropout(features, self.dropout, self.training)
        return ModelOutput(self.classifier(features), features)


def restart(classifier: nn.Module) -> None:
    """Draw a last layer's weights from N(0, 0.01), without bias."""
    for name, parameter in classifier.named_parameters():
        if name == "bias":
            nn.init.zeros_(parameter)
        else:
            nn.init.normal_(parameter, std=HEAD_STD)
