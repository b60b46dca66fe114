"""torchvision's residual networks with pretrained weights from a local file and frozen stages."""

import importlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.data.data_files import stamp
from lplcore.models import Classifier, ModelOutput
from lplcore.models.named.pretrained import PretrainedModel, fitting, read_weights
from lplcore.models.named.stages import normalisations

STAGES = ("layer1", "layer2", "layer3", "layer4")
LAST_LAYERS = ("fc",)


class TorchvisionResNetModel(PretrainedModel):
    """What the records of these networks share."""

    frozen_stages: int = Field(
        0, ge=0, le=4, description="stages that do not train, statistics included; 1 is the stem and the first stage"
    )

    def check_files(self, weights_dir: Path, input_shape: tuple[int, ...]) -> None:
        path = self.resolved(weights_dir).weights_path
        if path is not None:
            check_pretrained(Path(path), str(self.name), input_shape[0], stamp([Path(path)]))


class TorchvisionResNet(Classifier):
    """A torchvision ResNet whose last layer is `classifier`; dropout lies before it."""

    has_feature_maps: ClassVar[bool] = True
    always_alike: ClassVar[bool] = True

    def __init__(
        self, options: TorchvisionResNetModel, architecture: str, *, in_channels: int, num_classes: int
    ) -> None:
        super().__init__()
        self.body, self.num_features = body_of(architecture, in_channels)
        if options.weights_path is not None:
            load_pretrained(self.body, read_weights(Path(options.weights_path)))
        self.dropout = options.dropout
        self.classifier = options.build_head(self.num_features, num_classes)
        frozen_stages = len(STAGES) if options.linear_probe else options.frozen_stages
        self.frozen = [self.body.conv1, self.body.bn1] if frozen_stages else []
        self.frozen += [getattr(self.body, name) for name in STAGES[:frozen_stages]]
        for module in self.frozen:
            module.requires_grad_(False)
        if options.frozen_statistics:
            self.frozen += normalisations(self.body)
        self.train()  # what is frozen is in evaluation mode from the first step on

    def train(self, mode: bool = True) -> Self:
        """Training mode, what is frozen excepted."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def feature_maps(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, H, W] to [N, 2048, H / 32, W / 32]."""
        body = self.body
        x = body.maxpool(body.relu(body.bn1(body.conv1(inputs))))
        maps: Tensor = body.layer4(body.layer3(body.layer2(body.layer1(x))))
        return maps

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Images [N, channels, H, W] to logits [N, C] and features [N, 2048]."""
        return self.from_pooled(self.pooled(inputs))

    def pooled(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, H, W] to the means of the feature maps [N, 2048]."""
        return self.feature_maps(inputs).mean(dim=(2, 3))

    def from_pooled(self, pooled: Tensor) -> ModelOutput:
        """These means through dropout and last layer."""
        features = pooled
        if self.dropout:
            features = functional.dropout(features, self.dropout, self.training)
        return ModelOutput(self.classifier(features), features)


def body_of(architecture: str, in_channels: int) -> tuple[Any, int]:
    """A torchvision network of fresh weights without last layer, and the length of its features."""
    # Importing torchvision takes half a second that other models need not wait for.
    torchvision = importlib.import_module("lplcore.torchvision_import").torchvision
    body = getattr(torchvision.models, architecture)(weights=None)
    num_features = body.fc.in_features
    body.fc = nn.Identity()
    if in_channels != 3:
        body.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(body.conv1.weight, mode="fan_out", nonlinearity="relu")
    return body, num_features


@lru_cache(maxsize=64)
def check_pretrained(path: Path, architecture: str, in_channels: int, stamped: str) -> None:
    """Whether a file has weights for a network; `stamped` changes with it, and only what fits is remembered.

    Raises:
        SpecError: it has not.
    """
    with torch.device("meta"):
        body, _ = body_of(architecture, in_channels)
    fitting(body.state_dict(), read_weights(path), last_layers=LAST_LAYERS, first_layer="conv1")


def load_pretrained(body: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put pretrained weights into a network without last layer.

    Raises:
        SpecError: they are of another network.
    """
    body.load_state_dict(fitting(body.state_dict(), state, last_layers=LAST_LAYERS, first_layer="conv1"))
