"""OLTR's network: modulated attention, visual memory, dynamic meta-embedding and a cosine classifier.

N examples, C classes, D features.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.models import Classifier, ModelOutput


class ModulatedAttention(nn.Module):
    """Adds spatially weighted self-attention to feature maps (Liu et al., Eq. 1); at first it adds nothing.

    The weight of a place comes from a 1x1 convolution, for maps of any size; the authors' fully connected layer takes
    7x7 ones.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 2)
        self.query, self.key, self.value = (nn.Conv2d(channels, inner, 1) for _ in range(3))
        self.out, self.place = nn.Conv2d(inner, channels, 1), nn.Conv2d(channels, 1, 1)
        nn.init.zeros_(self.out.weight)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, D, h, w] to the same shape."""
        query, key, value = (layer(maps).flatten(2) for layer in (self.query, self.key, self.value))
        attention = (query.transpose(1, 2) @ key).softmax(dim=2)
        attended = self.out((value @ attention.transpose(1, 2)).unflatten(2, maps.shape[2:]))
        where = self.place(maps).flatten(2).softmax(dim=2).unflatten(2, maps.shape[2:])
        modulated: Tensor = maps + where * attended
        return modulated


class MetaEmbedding(nn.Module):
    """Features to logits through the visual memory (Liu et al., Eq. 2 to 5).

    v = (reachability / distance to the nearest centroid) * (f + tanh(S f) * softmax(H f) M), M the centroids [C, D];
    logits scale * |v| / (1 + |v|) * cos(v, w_c). No gradient of the logits reaches M, as in the authors' code.
    """

    present: Tensor

    def __init__(self, num_features: int, num_classes: int, *, scale: float, reachability: float) -> None:
        super().__init__()
        self.scale, self.reachability = scale, reachability
        self.centroids = nn.Parameter(torch.zeros(num_classes, num_features))
        self.register_buffer("present", torch.ones(num_classes, dtype=torch.bool))
        self.hallucinator = nn.Linear(num_features, num_classes)
        self.selector = nn.Linear(num_features, num_features)
        self.weight = nn.Parameter(torch.empty(num_classes, num_features))
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear")

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, D] to logits [N, C]."""
        with torch.autocast(features.device.type, enabled=False):
            embedded = self.embed(features.to(self.weight.dtype))
            length = embedded.norm(dim=1, keepdim=True)
            squashed = functional.normalize(embedded) * length / (1 + length)
            return self.scale * functional.linear(squashed, functional.normalize(self.weight))

    def embed(self, features: Tensor) -> Tensor:
        """Features [N, D] to meta-embeddings [N, D]."""
        centroids = self.centroids.detach()
        memory = self.hallucinator(features).softmax(dim=1) @ centroids
        infused = self.selector(features).tanh() * memory
        nearest = squared_distances(features.detach(), centroids).masked_fill(~self.present, torch.inf).argmin(dim=1)
        # Of the one difference: the squares' sum cancels where an example is the only one of its class.
        near = (features - centroids[nearest]).norm(dim=1).clamp(min=1e-3)
        embedded: Tensor = (self.reachability / near)[:, None] * (features + infused)
        return embedded


class OltrNetwork(Classifier):
    """A network in its two stages: as it is, then with memory.

    Attributes:
        second: whether it is in stage 2; `stage` holds the same for checkpoints.
    """

    stage: Tensor

    def __init__(self, base: Classifier, num_classes: int, *, scale: float, reachability: float) -> None:
        super().__init__()
        self.base, self.num_features = base, base.num_features
        self.memory = MetaEmbedding(base.num_features, num_classes, scale=scale, reachability=reachability)
        self.attention = ModulatedAttention(base.num_features) if base.has_feature_maps else None
        self.second = False
        self.register_buffer("stage", torch.ones((), dtype=torch.int64))

    @property
    def classifier(self) -> nn.Module:  # type: ignore[override]
        """The last layer of the stage it is in: features [N, D] to logits [N, C]."""
        return self.memory if self.second else self.base.classifier

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Inputs [N, ...] to logits [N, C] and features [N, D]."""
        if not self.second:
            return self.base(inputs)
        features = self.features(inputs)
        return ModelOutput(self.memory(features), features)

    def features(self, inputs: Tensor) -> Tensor:
        """Inputs [N, ...] to features [N, D], after attention where there are maps."""
        if self.attention is None:
            return self.base(inputs).features
        modulated: Tensor = self.attention(self.base.feature_maps(inputs))
        return modulated.mean(dim=(2, 3))

    @torch.no_grad()
    def enter_second_stage(self, centroids: Tensor, present: Tensor) -> None:
        """Fill the memory with centroids [C, D] and whether a class has examples [C]."""
        self.memory.centroids.copy_(centroids)
        self.memory.present.copy_(present)
        head = self.base.classifier
        if isinstance(head, nn.Linear):
            # The memory is addressed by the classes that stage 1 would predict.
            self.memory.hallucinator.weight.copy_(head.weight)
            if head.bias is not None:
                self.memory.hallucinator.bias.copy_(head.bias)
        self.stage.fill_(2)
        self.second = True

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any, **options: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *args, **options)
        self.second = int(state_dict[f"{prefix}stage"]) == 2


def squared_distances(features: Tensor, centroids: Tensor) -> Tensor:
    """[N, C] |f - m|^2 of features [N, D] and centroids [C, D], without a tensor [N, C, D]."""
    lengths = (features**2).sum(dim=1, keepdim=True) + (centroids**2).sum(dim=1)
    return (lengths - 2 * features @ centroids.T).clamp(min=0)
