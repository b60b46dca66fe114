"""Residual networks of the CIFAR kind (He et al., CVPR 2016, Section 4.2): three stages of 16, 32 and 64 channels."""

from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.models import Classifier, Model, ModelOutput
from lplcore.models.fused.unit import unit

STAGE_CHANNELS = (16, 32, 64)


class CifarResNetModel(Model):
    """What the records of these networks share."""

    images_only: ClassVar[bool] = True
    batch_statistics: ClassVar[bool] = True

    shortcut: Literal["pad", "project"] = Field(
        "pad",
        description="where the shape changes; pad: subsample, zeros for new channels (option A, the source's); "
        "project: a normalised 1x1 convolution (option B, as in ISDA's official code)",
    )


class SqueezeExcitation(nn.Module):
    """Scales every channel by what all channels' means say (Hu et al., CVPR 2018, Section 3)."""

    def __init__(self, channels: int, *, reduction: int, bias: bool) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction, bias=bias)
        self.excite = nn.Linear(channels // reduction, channels, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, H, W] to the same shape."""
        scale: Tensor = self.excite(functional.relu(self.squeeze(x.mean(dim=(2, 3))))).sigmoid()
        return x * scale[:, :, None, None]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: where the shape changes, padded with zeros (option A) or projected (B).

    Dropout lies between the convolutions, `scale` (squeeze-and-excitation) before the sum.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int,
        dropout: float,
        projects: bool,
        scale: Callable[[int], nn.Module],
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.scale = scale(channels)
        self.stride, self.added, self.dropout = stride, channels - in_channels, dropout
        changes = stride != 1 or self.added != 0
        self.projection = projection(in_channels, channels, stride=stride) if projects and changes else None

    def forward(self, x: Tensor) -> Tensor:
        """[N, in, H, W] to [N, channels, H / stride, W / stride]."""
        out = unit(x, self.conv1, self.bn1)
        if self.dropout:
            out = functional.dropout(out, self.dropout, self.training)
        if isinstance(self.scale, nn.Identity):
            return unit(out, self.conv2, self.bn2, shortcut=self._shortcut(x))
        out = self.scale(unit(out, self.conv2, self.bn2, relu=False))
        return functional.relu(out + self._shortcut(x), inplace=True)

    def _shortcut(self, x: Tensor) -> Tensor:
        if self.projection is not None:
            projected: Tensor = self.projection(x)
            return projected
        if self.stride == 1 and not self.added:
            return x
        return functional.pad(
            x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.added // 2, self.added - self.added // 2)
        )


def projection(in_channels: int, channels: int, *, stride: int) -> nn.Sequential:
    """A normalised 1x1 convolution as shortcut."""
    return nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels))


class CifarResNet(Classifier):
    """A ResNet of 6 * blocks + 2 layers."""

    has_feature_maps: ClassVar[bool] = True
    always_alike: ClassVar[bool] = True

    def __init__(
        self,
        options: CifarResNetModel,
        *,
        blocks: int,
        in_channels: int,
        num_classes: int,
        scale: Callable[[int], nn.Module] = nn.Identity,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, STAGE_CHANNELS[0], 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(STAGE_CHANNELS[0])
        layers: list[nn.Module] = []
        width = STAGE_CHANNELS[0]
        for stage, channels in enumerate(STAGE_CHANNELS):
            for block in range(blocks):
                stride = 2 if stage and block == 0 else 1
                layers.append(
                    BasicBlock(
                        width,
                        channels,
                        stride=stride,
                        dropout=options.dropout,
                        projects=options.shortcut == "project",
                        scale=scale,
                    )
                )
                width = channels
        self.stages = nn.Sequential(*layers)
        self.num_features = width
        self.classifier = options.build_head(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def feature_maps(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, H, W] to [N, 64, H / 4, W / 4]."""
        maps: Tensor = self.stages(unit(inputs, self.conv, self.bn))
        return maps

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Images [N, channels, H, W] to logits [N, C] and features [N, 64]."""
        features = self.feature_maps(inputs).mean(dim=(2, 3))
        return ModelOutput(self.classifier(features), features)
