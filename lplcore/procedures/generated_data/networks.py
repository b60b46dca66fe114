"""Class-conditional generators and discriminators for images (after DCGAN) and vectors.

N examples, C classes, Z numbers of code. Convolutions only, no resampling: their gradients are deterministic on GPUs.
"""

import math

import torch
from torch import Tensor, nn

SLOPE = 0.2
"""Of the leaky ReLU."""
HIDDEN = 256
"""Width of the networks for vectors."""


def generator(code: int, input_shape: tuple[int, ...], *, width: int) -> nn.Module:
    """A network from codes [N, Z] to [N, *input_shape] before the last squashing."""
    return (
        ImageGenerator(code, input_shape, width=width) if len(input_shape) == 3 else VectorGenerator(code, input_shape)
    )


class ImageGenerator(nn.Module):
    """A linear layer to a quarter of the size, two transposed convolutions of stride 2, one convolution."""

    def __init__(self, code: int, input_shape: tuple[int, ...], *, width: int) -> None:
        super().__init__()
        channels, self.height, self.width = input_shape
        self.start = (2 * width, -(-self.height // 4), -(-self.width // 4))
        self.linear = nn.Linear(code, math.prod(self.start))
        self.body = nn.Sequential(
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width, 4, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, channels, 3, padding=1),
        )

    def forward(self, code: Tensor) -> Tensor:
        """Codes [N, Z] to [N, channels, height, width]."""
        images: Tensor = self.body(self.linear(code).unflatten(1, self.start))
        return images[:, :, : self.height, : self.width]


class VectorGenerator(nn.Module):
    """Two hidden layers."""

    def __init__(self, code: int, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(code, HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, math.prod(input_shape)),
        )

    def forward(self, code: Tensor) -> Tensor:
        """Codes [N, Z] to [N, D]."""
        vectors: Tensor = self.body(code)
        return vectors


def trunk(input_shape: tuple[int, ...], *, extra: int, width: int) -> tuple[nn.Module, int]:
    """What discriminators share, and the number of features it gives.

    Args:
        extra: channels (images) or numbers (vectors) that the input has beyond its shape.
    """
    if len(input_shape) != 3:
        first = nn.Linear(math.prod(input_shape) + extra, HIDDEN)
        body = nn.Sequential(first, nn.LeakyReLU(SLOPE), nn.Linear(HIDDEN, HIDDEN), nn.LeakyReLU(SLOPE))
        return body, HIDDEN
    channels, height, width_ = input_shape
    body = nn.Sequential(
        nn.Conv2d(channels + extra, width, 4, stride=2, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Flatten(),
    )
    return body, 2 * width * (height // 4) * (width_ // 4)


class LabelledDiscriminator(nn.Module):
    """Real or generated, for an input and the label it is said to have (CGAN)."""

    def __init__(self, input_shape: tuple[int, ...], num_classes: int, *, width: int) -> None:
        super().__init__()
        self.image = len(input_shape) == 3
        self.plane = input_shape[1:] if self.image else (num_classes,)
        self.embedding = nn.Embedding(num_classes, math.prod(self.plane))
        self.body, features = trunk(input_shape, extra=1 if self.image else num_classes, width=width)
        self.real = nn.Linear(features, 1)

    def forward(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Inputs [N, ...] and labels [N] to logits [N] of being real."""
        label = self.embedding(labels)
        label = label.unflatten(1, (1, *self.plane)) if self.image else label
        logits: Tensor = self.real(self.body(torch.cat([inputs, label], dim=1)))
        return logits.squeeze(1)


class ReadingDiscriminator(nn.Module):
    """Real or generated, the class, and the continuous codes of an input (ACGAN, infoGAN)."""

    def __init__(self, input_shape: tuple[int, ...], num_classes: int, *, codes: int, width: int) -> None:
        super().__init__()
        self.body, features = trunk(input_shape, extra=0, width=width)
        self.real, self.label = nn.Linear(features, 1), nn.Linear(features, num_classes)
        self.code = nn.Linear(features, codes) if codes else None

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Inputs [N, ...] to logits [N] of being real, class logits [N, C] and codes [N, codes] where there are any."""
        features = self.body(inputs)
        return self.real(features).squeeze(1), self.label(features), None if self.code is None else self.code(features)
