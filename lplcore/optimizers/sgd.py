"""Stochastic gradient descent."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal, ParamSpec, Self, TypeVar

import torch
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from torch import Tensor

from lplcore.optimizers import Optimizer, in_groups, kinds_of_device, with_rates

P = ParamSpec("P")
T = TypeVar("T")


class Sgd(Optimizer):
    """SGD with momentum; Nesterov by default."""

    title: ClassVar[str] = "SGD"

    name: Literal["sgd"] = "sgd"
    lr: float = Field(0.1, gt=0, le=1e6, description="learning rate after warm-up")
    momentum: float = Field(0.9, ge=0, lt=1, description="share of the last step's direction that is kept; 0 for none")
    nesterov: bool = Field(True, description="Nesterov's form of the momentum")
    weight_decay: float = Field(0.0002, ge=0, le=1e3, description="L2 penalty: times a weight, added to its gradient")
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
        options: dict[str, Any] = {
            "lr": self.lr,
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "weight_decay": self.weight_decay,
        }
        groups = in_groups(groups)
        kinds = kinds_of_device(groups)
        if kinds == {"cuda"}:
            return CudaSgd(with_rates(groups, self.lr), **options, fused=True)
        return (CpuSgd if kinds == {"cpu"} else torch.optim.SGD)(groups, **options)


class CudaSgd(torch.optim.SGD):
    """torch's fused SGD, whose parameters need not all have a gradient from the first step on."""

    def step(self, closure: None = None) -> None:  # type: ignore[override]  # nothing here evaluates a loss again
        for group in self.param_groups:
            for parameter in group["params"] if group["momentum"] else ():
                if parameter.grad is not None and "momentum_buffer" not in self.state[parameter]:
                    self.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        super().step()


def undecorated(method: Callable[P, T]) -> Callable[P, T]:
    """A method of torch's without what keeps its compiler out: that loads the compiler first, which takes a second."""
    plain: Callable[P, T] = getattr(method, "__wrapped__", method)
    return plain


class CpuSgd(torch.optim.SGD):
    """torch's SGD to the bit, for parameters on a CPU.

    Of a small network's step torch spends more on hooks and records for profilers than on the arithmetic.
    """

    add_param_group = undecorated(torch.optim.SGD.add_param_group)
    state_dict = undecorated(torch.optim.SGD.state_dict)
    load_state_dict = undecorated(torch.optim.SGD.load_state_dict)
    zero_grad = undecorated(torch.optim.SGD.zero_grad)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # nothing here evaluates a loss again
        for group in self.param_groups:
            rate, decay, momentum = group["lr"], group["weight_decay"], group["momentum"]
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                if decay:
                    gradient = gradient.add(parameter, alpha=decay)
                if momentum:
                    gradient = accumulated(self.state[parameter], gradient, momentum, nesterov=group["nesterov"])
                parameter.add_(gradient, alpha=-rate)

    step.hooked = True  # type: ignore[attr-defined]  # torch wraps `step` where this is not set


def accumulated(state: dict[str, Any], gradient: Tensor, momentum: float, *, nesterov: bool) -> Tensor:
    """The direction to go, from a parameter's gradients so far."""
    buffer = state.get("momentum_buffer")
    if buffer is None:
        buffer = state["momentum_buffer"] = gradient.clone()
    else:
        buffer.mul_(momentum).add_(gradient)
    return gradient.add(buffer, alpha=momentum) if nesterov else buffer
