"""An optimiser without learning rates of its own groups."""

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field

from lplcore.optimizers import Optimizer


class WrongOptimizer(Optimizer):
    """Takes all parameters as one group."""

    title: ClassVar[str] = "Wrong optimiser"

    name: Literal["wrong_optimizer"] = "wrong_optimizer"
    lr: float = Field(0.001, gt=0)
    clip_norm: float | None = Field(None, gt=0)

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.SGD([p for group in groups for p in group["params"]], lr=self.lr)
