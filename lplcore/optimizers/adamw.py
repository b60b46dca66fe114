"""Adam with decoupled weight decay."""

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field

from lplcore.optimizers import Optimizer, in_groups, kinds_of_device, with_rates


class AdamW(Optimizer):
    """AdamW. Its decay shrinks every parameter by `lr * weight_decay` a step, whatever the gradients are."""

    title: ClassVar[str] = "AdamW"
    citation: ClassVar[str] = "Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019"

    name: Literal["adamw"] = "adamw"
    lr: float = Field(0.001, gt=0, le=1e6, description="learning rate after warm-up")
    beta1: float = Field(0.9, ge=0, lt=1, description="share of the mean of gradients that a step keeps")
    beta2: float = Field(0.999, ge=0, lt=1, description="share of the mean of squared gradients that a step keeps")
    eps: float = Field(1e-8, gt=0, le=1, description="added to the root of the mean of squared gradients")
    weight_decay: float = Field(0.01, ge=0, le=1e3, description="decay of the weights, times the rate at each step")
    clip_norm: float | None = Field(None, gt=0, le=1e9, description="largest L2 norm of the whole gradient")

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        groups = in_groups(groups)
        fused = kinds_of_device(groups) == {"cuda"}
        groups = with_rates(groups, self.lr) if fused else groups
        return torch.optim.AdamW(
            groups,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            fused=fused or None,
            capturable=fused,
        )
