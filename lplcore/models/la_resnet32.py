"""The network of logit adjustment's official code, there called ResNet-32."""

import math
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.models import Classifier, Model, ModelOutput
from lplcore.models.cifar_resnet import STAGE_CHANNELS, projection

MARGIN = 3
"""Zeros around the images before the first convolution: 32x32 images have maps of 36x36, 18x18 and 9x9."""
KERAS_TRUNCATION = 0.87962566103423978
"""Standard deviation of a standard normal distribution cut off at 2, by which Keras's he_normal is widened."""
HEAD_DEVIATION = 0.01


class LaResNet32(Model):
    """Blocks of 1x1, 3x3 and 1x1 convolutions of one width, a stage's first with a projection; a last normalisation.

    Not He et al.'s ResNet-32 (`resnet32`, 0.46 million parameters): 5 blocks a stage have 0.301 million with 10 classes
    and 0.307 million with 100. LPL's released scripts train it for Table IX, and with 18 blocks a stage, 1.078 and
    1.084 million, for Tables III and IV.
    """

    title: ClassVar[str] = "Bottleneck ResNet of logit adjustment's code"
    citation: ClassVar[str] = "Menon et al., Long-tail learning via logit adjustment, ICLR 2021, official code"
    images_only: ClassVar[bool] = True
    batch_statistics: ClassVar[bool] = True

    name: Literal["la_resnet32"] = "la_resnet32"
    blocks_per_stage: int = Field(5, ge=1, le=100, description="depth: 9 convolutions for each, and 2 layers more")
    initialization: Literal["official", "released"] = Field(
        "official",
        description="official: He's truncated normal, last layer N(0, 0.01^2), bias 0; released: He's normal for all",
    )

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return BottleneckResNet(self, in_channels=input_shape[0], num_classes=num_classes)


class BottleneckBlock(nn.Module):
    """Three convolutions, 1x1, 3x3 (with the stride) and 1x1; the shortcut is a 1x1 convolution or nothing."""

    def __init__(self, in_channels: int, channels: int, *, stride: int, projects: bool, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        self.shortcut = projection(in_channels, channels, stride=stride) if projects else nn.Identity()
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """[N, in, H, W] to [N, channels, H / stride, W / stride]."""
        out = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        out = functional.relu(self.bn2(self.conv2(out)), inplace=True)
        if self.dropout:
            out = functional.dropout(out, self.dropout, self.training)
        return functional.relu(self.bn3(self.conv3(out)) + self.shortcut(x), inplace=True)


class BottleneckResNet(Classifier):
    """Three stages of such blocks; the first of each stage projects."""

    has_feature_maps: ClassVar[bool] = True
    always_alike: ClassVar[bool] = True

    def __init__(self, options: LaResNet32, *, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, STAGE_CHANNELS[0], 3, padding=MARGIN, bias=False)
        self.bn = nn.BatchNorm2d(STAGE_CHANNELS[0])
        layers: list[nn.Module] = []
        width = STAGE_CHANNELS[0]
        for stage, channels in enumerate(STAGE_CHANNELS):
            for block in range(options.blocks_per_stage):
                stride = 2 if stage and block == 0 else 1
                layers.append(
                    BottleneckBlock(width, channels, stride=stride, projects=block == 0, dropout=options.dropout)
                )
                width = channels
        self.stages = nn.Sequential(*layers)
        self.final_bn = nn.BatchNorm2d(width)
        self.num_features = width
        self.classifier = options.build_head(width, num_classes)
        initialize(self, options.initialization)

    def feature_maps(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, H, W] to [N, 64, (H + 4) / 4, (W + 4) / 4]."""
        maps: Tensor = self.final_bn(self.stages(functional.relu(self.bn(self.conv(inputs)), inplace=True)))
        return maps

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Images [N, channels, H, W] to logits [N, C] and features [N, 64]."""
        features = self.feature_maps(inputs).mean(dim=(2, 3))
        return ModelOutput(self.classifier(features), features)


def initialize(network: nn.Module, manner: Literal["official", "released"]) -> None:
    """Draw the weights of convolutions and linear layers anew."""
    for module in network.modules():
        if manner == "released" and isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.Conv2d):
            deviation = math.sqrt(2 / module.weight[0].numel()) / KERAS_TRUNCATION
            nn.init.trunc_normal_(module.weight, std=deviation, a=-2 * deviation, b=2 * deviation)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=HEAD_DEVIATION)
            nn.init.zeros_(module.bias)
