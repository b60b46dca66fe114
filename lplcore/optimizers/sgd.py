"""Stochastic gradient descent."""

from typing import Any, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from lplcore.optimizers import Optimizer


class Sgd(Optimizer):
    """SGD with momentum; Nesterov by default."""

    title: ClassVar[str] = "SGD"

    name: Literal["sgd"] = "sgd"
    lr: float = Field(0.1, gt=0, le=1e6, description="learning rate after warm-up")
    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = True
    weight_decay: float = Field(0.0002, ge=0, le=1e3)
    clip_norm: float | None = Field(None, gt=0, le=1e9, description="largest L2 norm of the whole gradient")

    @model_validator(mode="before")
    @classmethod
    def _without_momentum_plain(cls, value: object) -> object:
        """Nesterov's form is the default only where there is momentum."""
        if isinstance(value, dict) and value.get("momentum") == 0:
            return {"nesterov": False, **value}
        return value

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise PydanticCustomError("sgd", "needs momentum above 0; set nesterov to false", {"field": "nesterov"})
        return self

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            groups,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
        )
