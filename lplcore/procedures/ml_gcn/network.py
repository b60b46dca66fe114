"""ML-GCN's network. N examples, C classes, D features, E length of a label vector."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.models import Classifier, ModelOutput

SLOPE = 0.2


class GraphClassifier(nn.Module):
    """A last layer whose weights [C, D] two graph convolutions make of label vectors (Chen et al., Eq. 2 and 3)."""

    vectors: Tensor
    graph: Tensor

    def __init__(self, vectors: Tensor, graph: Tensor, *, hidden: int, num_features: int) -> None:
        super().__init__()
        self.register_buffer("vectors", vectors)
        self.register_buffer("graph", graph)
        self.first = nn.Parameter(torch.empty(vectors.shape[1], hidden))
        self.second = nn.Parameter(torch.empty(hidden, num_features))
        for weight in (self.first, self.second):
            bound = weight.shape[1] ** -0.5
            nn.init.uniform_(weight, -bound, bound)

    @property
    def weight(self) -> Tensor:
        """[C, D], with its graph."""
        inner = functional.leaky_relu(self.graph @ (self.vectors @ self.first), SLOPE)
        generated: Tensor = self.graph @ (inner @ self.second)
        return generated

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, D] to logits [N, C]."""
        return functional.linear(features, self.weight.to(features.dtype))


class MlGcnNetwork(Classifier):
    """A network whose last layer is generated from the label graph."""

    def __init__(self, base: Classifier, vectors: Tensor, graph: Tensor, *, hidden: int) -> None:
        super().__init__()
        self.base, self.num_features = base, base.num_features
        base.classifier = nn.Identity()
        self.classifier = GraphClassifier(vectors, graph, hidden=hidden, num_features=base.num_features)

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Inputs [N, ...] to logits [N, C] and features [N, D]."""
        features = self.features(inputs)
        return ModelOutput(self.classifier(features), features)

    def features(self, inputs: Tensor) -> Tensor:
        """Inputs [N, ...] to features [N, D], the maxima over places where there are any."""
        if self.base.has_feature_maps:
            return self.base.feature_maps(inputs).amax(dim=(2, 3))
        return self.base(inputs).features
