"""Every example once an epoch, in random order."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from lplcore.samplers import Sampler


class Uniform(Sampler):
    """Every example once an epoch, in random order."""

    title: ClassVar[str] = "Uniform"
    formula: ClassVar[str] = r"P(i) = \frac{1}{N}"
    effect: ClassVar[str] = "Classes are seen as often as they occur."
    advice: ClassVar[str] = "The default, for methods that correct the imbalance in the loss."

    name: Literal["uniform"] = "uniform"

    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        return torch.randperm(labels.shape[0], generator=generator)
