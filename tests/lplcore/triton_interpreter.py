"""Triton 3.6's interpreter with what it lacks: `kernel_under_interpreter` and `unit_under_interpreter` use it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from triton import language
from triton.runtime import interpreter

Handle = interpreter.TensorHandle
BITS, SINGLE = language.bfloat16, language.float32


@contextmanager
def repaired() -> Iterator[None]:
    """Inside, loops take bounds from arrays of one entry, and bf16 is multiplied and rounded to nearest."""
    builder = interpreter.InterpreterBuilder
    before = interpreter._patch_lang_tensor, builder.cast_impl, builder.create_dot
    interpreter._patch_lang_tensor = with_index(before[0])
    builder.cast_impl, builder.create_dot = with_rounding(before[1]), with_bf16(before[2])
    try:
        yield
    finally:
        interpreter._patch_lang_tensor, builder.cast_impl, builder.create_dot = before


def with_index(before: Callable[..., None]) -> Callable[..., None]:
    """NumPy 2.4 refuses an array of one entry as an index."""

    def patched(tensor: Any, scope: Any) -> None:
        before(tensor, scope)
        scope.set_attr(tensor, "__index__", lambda self: int(self.handle.data.item()))

    return patched


def with_rounding(before: Callable[..., Any]) -> Callable[..., Any]:
    """The interpreter drops the lower bits of a float32, and GPUs round to nearest."""

    def patched(self: Any, value: Any, to: Any) -> Any:
        if value.dtype.scalar == SINGLE and to.scalar == BITS:
            rounded = torch.from_numpy(np.array(value.data)).bfloat16().view(torch.uint16)
            return Handle(rounded.numpy(), to.scalar)
        return before(self, value, to)

    return patched


def with_bf16(before: Callable[..., Any]) -> Callable[..., Any]:
    """The interpreter multiplies the bits of bf16 as if they were integers."""

    def wide(value: Any) -> Any:
        if value.dtype.scalar != BITS:
            return value
        bits = torch.from_numpy(np.array(value.data)).view(torch.bfloat16)
        return Handle(bits.float().numpy(), SINGLE)

    def patched(self: Any, a: Any, b: Any, *others: Any) -> Any:
        return before(self, wide(a), wide(b), *others)

    return patched
