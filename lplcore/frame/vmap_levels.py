"""Tensors below the transforms of torch.func: `vmap` shows a function one slice of what is there as a whole."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

functorch = torch._C._functorch


def untraced() -> bool:
    """Whether tensors hold what they seem to: neither a compiler nor a transform of torch.func looks on."""
    return not torch.compiler.is_compiling() and functorch.peek_interpreter_stack() is None


def is_batched(*tensors: Tensor | None) -> bool:
    """Whether `vmap` maps over one of the tensors."""
    return any(tensor is not None and vmapped(tensor) for tensor in tensors)


def vmapped(tensor: Tensor) -> bool:
    """Whether a level of this tensor is one of `vmap`."""
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_batchedtensor(tensor):
            return True
        tensor = functorch.get_unwrapped(tensor)
    return False


def plain(tensor: Tensor) -> Tensor:
    """The tensor below all transforms, as it lies in memory."""
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor


def whole_batch(tensor: Tensor) -> Tensor:
    """[N, ...] as a mapped function sees it, with the N examples of every call one after another."""
    dimensions = tensor.dim()
    while functorch.is_functorch_wrapped_tensor(tensor):
        mapped = functorch.maybe_get_bdim(tensor) if functorch.is_batchedtensor(tensor) else None
        tensor = functorch.get_unwrapped(tensor)
        tensor = tensor if mapped is None else tensor.movedim(mapped, 0)
    return tensor.flatten(0, tensor.dim() - dimensions)


def take_in(update: Callable[..., object], *values: Tensor) -> None:
    """Change running statistics by values: below the transforms, which refuse to see a module's buffers change."""
    if torch.compiler.is_compiling() or functorch.peek_interpreter_stack() is None:
        update(*values)
        return
    beneath = [plain(value) for value in values]
    with torch._C._DisableFuncTorch():
        update(*beneath)


def refuse_slices(criterion: nn.Module, number: int, *, update: bool, by_weights: bool) -> None:
    """Refuse slices of `number` examples where a method needs the batch; for per-sample gradients it is one.

    A part of a method that needs it has `needs_batch`, a text that says what of it.

    Raises:
        ValueError: a loss depends on the other examples, or a running statistic would take them in.
    """
    parts = [module for module in criterion.modules() if getattr(module, "needs_batch", None)]
    reasons = [str(part.needs_batch) for part in parts if number == 1 or (update and part.state_dict())]
    if by_weights and number == 1:
        reasons.append("the weights of the batch's other examples, by whose sum the mean is divided")
    if reasons:
        raise ValueError(
            f"labels: a loss of this method depends on {reasons[0]}, and vmap shows it {number} at a time; give the "
            "whole batch to criterion(..., reduction='none') and take torch.func.jacrev of that"
        )
