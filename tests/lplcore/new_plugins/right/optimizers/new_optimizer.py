"""Adam."""

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field

from lplcore.optimizers import Optimizer


class NewOptimizer(Optimizer):
    """Adam with torch's other settings."""

    title: ClassVar[str] = "New optimiser"

    name: Literal["new_optimizer"] = "new_optimizer"
    lr: float = Field(0.001, gt=0, description="learning rate")
    clip_norm: float | None = Field(None, gt=0, description="largest norm of the gradient; null for no limit")

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.Adam(groups, lr=self.lr)
