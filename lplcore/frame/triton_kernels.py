"""Sets of Triton kernels: whether each is used where it can be, and where it runs.

Triton is loaded at the first use."""

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import torch

OLDEST = (8, 0)
"""Compute capability that Triton's kernels need at least."""


class Kernels:
    """The kernels of one module, for CUDA, and for the CPU under Triton's interpreter.

    Attributes:
        in_use: whether they are used where they can be.
    """

    def __init__(
        self, module: str, attempt: Callable[[torch.device], object], *, by_default: bool, otherwise: str
    ) -> None:
        self.module, self.attempt, self.in_use, self.otherwise = module, attempt, by_default, otherwise
        self._runs: dict[torch.device, bool] = {}

    @contextmanager
    def enabled(self, use: bool = True) -> Iterator[None]:
        """Inside, they are used where they can be, or are not: in all threads, as backward passes have their own."""
        before, self.in_use = self.in_use, use
        try:
            yield
        finally:
            self.in_use = before

    @cached_property
    def programs(self) -> Any:
        """The module."""
        return importlib.import_module(self.module)

    def run_on(self, device: torch.device) -> bool:
        """Whether they run on a device; under Triton's interpreter they run on the CPU."""
        if device.type == "cpu":
            triton = sys.modules.get("triton")
            return triton is not None and bool(triton.knobs.runtime.interpret)
        if device.type != "cuda":
            return False
        if device not in self._runs:
            self._runs[device] = self._try(device)
        return self._runs[device]

    def _try(self, device: torch.device) -> bool:
        """Whether a kernel runs on this GPU: Triton, a C compiler or a new enough GPU may be missing."""
        if find_spec("triton") is None or torch.version.hip or torch.cuda.get_device_capability(device) < OLDEST:
            return False
        try:
            self.attempt(device)
        except Exception as error:  # of compilers, drivers and linkers
            text = f"{self.otherwise}, which does not run here: {error!r}"
            warnings.warn(text, RuntimeWarning, stacklevel=4)
            return False
        return True
