"""Models: networks that return logits and features."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, Self

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.plugin import Plugin


class ModelOutput(NamedTuple):
    """A network's answer for N examples."""

    logits: Tensor
    """[N, C]."""
    features: Tensor
    """[N, D], input of the last layer."""


class Classifier(nn.Module):
    """A network with its last layer as `classifier`."""

    has_feature_maps: ClassVar[bool] = False
    always_alike: ClassVar[bool] = False
    """Whether in evaluation mode it does the same operations at all times, whatever the inputs: they may be recorded
    and fused."""
    classifier: nn.Module
    num_features: int
    """D, length of the last layer's input."""

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Inputs [N, ...] to logits [N, C] and features [N, D]."""
        raise NotImplementedError

    def feature_maps(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, H, W] to maps [N, D, h, w] whose mean over places is `features`, where there are any."""
        raise NotImplementedError

    def pooled(self, inputs: Tensor) -> Tensor:
        """Inputs [N, ...] to what `from_pooled` takes [N, P]: all that a linear probe leaves as it is."""
        raise NotImplementedError

    def from_pooled(self, pooled: Tensor) -> ModelOutput:
        """The rest of the network."""
        raise NotImplementedError

    def rate_factors(self) -> Mapping[nn.Parameter, float]:
        """Factors on the learning rate, of those parameters that have one of their own."""
        return {}

    def __call__(self, inputs: Tensor) -> ModelOutput:
        output: ModelOutput = super().__call__(inputs)
        return output


class CosineLinear(nn.Module):
    """Scaled cosine of feature and class weight: logits in [-scale, scale]."""

    def __init__(self, in_features: int, num_classes: int, *, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_classes, in_features))
        self.scale = scale
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fresh weights."""
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear")

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, D] to logits [N, C]."""
        # In bf16 the cosine has 8 bits, which times the scale moves logits by 0.1.
        with torch.autocast(features.device.type, enabled=False):
            directions = functional.normalize(self.weight.float())
            return self.scale * functional.linear(functional.normalize(features.float()), directions)


class Model(Plugin):
    """A network architecture."""

    images_only: ClassVar[bool] = False
    batch_statistics: ClassVar[bool] = False
    """Whether it normalises over the batch in training, and so needs at least two examples at a time."""

    head: Literal["linear", "cosine"] = Field(
        "linear", description="last layer: linear, or cosine of features and weights; methods that need one set it"
    )
    cosine_scale: float = Field(30.0, gt=0, le=1e4, description="s of the cosine head, s * cos(w_c, f)")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of activations that are zeroed in training")

    @abstractmethod
    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        """A module that maps inputs [N, *input_shape] to a ModelOutput and has its last layer as `classifier`."""

    def resolved(self, weights_dir: Path) -> Self:
        """The same with the paths of its files resolved within the folder of weights.

        Raises:
            SpecError: a path leads out of it.
        """
        return self

    @property
    def probes(self) -> bool:
        """Whether only the last part learns, on features that are computed once (`Classifier.pooled`)."""
        return False

    @property
    def parallel(self) -> bool:
        """Whether more than one thread of a CPU makes it faster; if not, they make it much slower beside other work."""
        return self.images_only

    @property
    def smallest_batch(self) -> int:
        """How many examples it needs at a time in training."""
        return 2 if self.batch_statistics else 1

    def check_files(self, weights_dir: Path, input_shape: tuple[int, ...]) -> None:
        """Look at the files that a run would read.

        Raises:
            SpecError: one is absent, not what it should be, or leads out of the folder of weights.
        """

    def check(self, input_shape: tuple[int, ...]) -> list[tuple[str, str]]:
        """(field, message) of what does not fit the shape of one example."""
        if self.images_only and len(input_shape) != 3:
            needs = f"{self.name!r} needs images, the data set has vectors of {input_shape[0]} values; use 'mlp'"
            return [("name", needs)]
        return []

    def timing_dependent(self, input_shape: tuple[int, ...]) -> str | None:
        """An operation of the network whose gradient on CUDA is not the same every time, None where there is none."""
        return None

    def build_head(self, in_features: int, num_classes: int) -> nn.Module:
        """The last layer."""
        if self.head == "cosine":
            return CosineLinear(in_features, num_classes, scale=self.cosine_scale)
        return nn.Linear(in_features, num_classes)
