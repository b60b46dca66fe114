"""Keeps torch.compile from taking a function's own frame, so that its graph begins in what the function calls."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch

Function = TypeVar("Function", bound=Callable[..., Any])


def uncompiled(function: Function) -> Function:
    """The function; compiled alone, only what it calls is; within other compiled code it is like any function.

    A compiler makes one graph for the first value of an argument that is a number, and another or one each for later
    ones: such arguments become tensors here. `torch.compiler.disable` would break the graphs that the function is part
    of. Where torch has no such switch a number costs one graph more.
    """
    frames: Any = getattr(torch._C._dynamo, "eval_frame", None)
    if all(hasattr(frames, name) for name in ("set_code_exec_strategy", "_FrameExecStrategy", "_FrameAction")):
        strategy = frames._FrameExecStrategy(frames._FrameAction.SKIP, frames._FrameAction.DEFAULT)
        frames.set_code_exec_strategy(function.__code__, strategy)
    return function
