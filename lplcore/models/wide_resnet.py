"""Wide residual networks for 32x32 images (Zagoruyko, Komodakis, BMVC 2016): pre-activation, three stages."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from lplcore.models import Classifier, Model, ModelOutput


class WideBlock(nn.Module):
    """BN, ReLU and 3x3 convolution twice, dropout between; a 1x1 convolution as shortcut where the shape changes."""

    def __init__(self, in_channels: int, channels: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        changes = stride != 1 or in_channels != channels
        self.shortcut = nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False) if changes else None
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """[N, in, H, W] to [N, channels, H / stride, W / stride]."""
        active = functional.relu(self.bn1(x), inplace=True)
        out = functional.relu(self.bn2(self.conv1(active)), inplace=True)
        if self.dropout:
            out = functional.dropout(out, self.dropout, self.training)
        out = self.conv2(out)
        result: Tensor = out + (x if self.shortcut is None else self.shortcut(active))
        return result


class WideResNet(Classifier):
    """A network of `depth` = 6 * blocks + 4 layers, its stages 16, 32 and 64 times `widen` wide."""

    has_feature_maps: ClassVar[bool] = True
    always_alike: ClassVar[bool] = True

    def __init__(self, options: Model, *, depth: int, widen: int, in_channels: int, num_classes: int) -> None:
        super().__init__()
        blocks = (depth - 4) // 6
        self.conv = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        layers: list[nn.Module] = []
        width = 16
        for stage, base in enumerate((16, 32, 64)):
            for block in range(blocks):
                stride = 2 if stage and block == 0 else 1
                layers.append(WideBlock(width, base * widen, stride=stride, dropout=options.dropout))
                width = base * widen
        self.stages = nn.Sequential(*layers)
        self.bn = nn.BatchNorm2d(width)
        self.num_features = width
        self.classifier = options.build_head(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def feature_maps(self, inputs: Tensor) -> Tensor:
        """Images [N, channels, H, W] to [N, 64 * widen, H / 4, W / 4]."""
        return functional.relu(self.bn(self.stages(self.conv(inputs))), inplace=True)

    def forward(self, inputs: Tensor) -> ModelOutput:
        """Images [N, channels, H, W] to logits [N, C] and features [N, 64 * widen]."""
        features = self.feature_maps(inputs).mean(dim=(2, 3))
        return ModelOutput(self.classifier(features), features)
