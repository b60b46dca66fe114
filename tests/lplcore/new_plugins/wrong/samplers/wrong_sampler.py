"""An order beyond the examples."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from lplcore.samplers import Sampler


class WrongSampler(Sampler):
    """1, 2, ..., N."""

    title: ClassVar[str] = "Wrong sampler"

    name: Literal["wrong_sampler"] = "wrong_sampler"

    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        return torch.arange(labels.shape[0]) + 1
