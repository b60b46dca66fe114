"""Which device, which precision, and what both can do."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from math import prod
from typing import Any

import torch
from torch import Tensor

FILL: Any = torch.utils.deterministic
"""Its settings are properties of the module, which type checkers do not see."""


class DeviceUnavailable(RuntimeError):
    """The device that was asked for does not exist here."""


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        DeviceUnavailable: it does not exist here; the message says what does.
    """
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if available(kind))
    device = torch.device(name)
    if not available(device.type) or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        present = [kind for kind in ("cuda", "mps", "cpu") if available(kind)]
        raise DeviceUnavailable(f"device: {name!r} is not available here; available: {', '.join(present)}")
    if device.type == "cuda":
        # cuBLAS is deterministic only with a workspace of fixed size, read when its first handle is made.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return device


def available(kind: str) -> bool:
    """Whether there is a device of that kind."""
    if kind == "cuda":
        return torch.cuda.is_available()
    if kind == "mps":
        return torch.backends.mps.is_available()
    return kind == "cpu"


def describe(device: torch.device) -> str:
    """The kind of device with its model, for people and for comparing conditions (two cards of a kind are equal)."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device.type} ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()})"


def software(device: torch.device) -> str:
    """What computes on a device: torch and, where there are kernels of our own, Triton."""
    with suppress(PackageNotFoundError):
        if device.type == "cuda":
            return f"{torch.__version__}, triton {version('triton')}"
    return torch.__version__


def choose_precision(precision: str, device: torch.device, *, convolutional: bool) -> str:
    """`float32` or `bf16`; `auto` takes bf16 autocast for convolutional networks on hardware that multiplies bf16.

    ResNet-32, batch 128, two AMD cores with avx512_bf16: 976 images/s against 533 in float32 (both channels_last).
    Small fully connected networks lose more in casts than they gain.
    """
    if precision != "auto":
        return precision
    return "bf16" if convolutional and multiplies_bf16(device) else "float32"


def multiplies_bf16(device: torch.device) -> bool:
    """Whether the device has bf16 matrix instructions."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def autocast_dtype(precision: str) -> torch.dtype | None:
    """What autocast computes in, None for no autocast."""
    return torch.bfloat16 if precision == "bf16" else None


@contextmanager
def autocast(device: torch.device, dtype: torch.dtype | None) -> Iterator[None]:
    """torch's autocast to a type, off for None.

    Its copies of weights are forgotten at the start too: an error inside a compiled function (torch 2.13) leaves torch
    believing that an outer autocast goes on, and then it forgets none at the end, though weights change.
    """
    torch.clear_autocast_cache()
    with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
        yield


class Sight:
    """Whether values in the host's own memory may be looked at."""

    allowed = True


def host_sees(tensor: Tensor) -> bool:
    """Whether the host may look at a tensor's values: on the CPU, unless `as_on_accelerator` forbids it."""
    return tensor.device.type == "cpu" and Sight.allowed


@contextmanager
def as_on_accelerator() -> Iterator[None]:
    """Inside, what is on the CPU is computed as on a device: nothing that is done depends on values."""
    before, Sight.allowed = Sight.allowed, False
    try:
        yield
    finally:
        Sight.allowed = before


def memory_format(device: torch.device, *, convolutional: bool) -> torch.memory_format:
    """channels_last where convolutions gain by it (float32 on CPU: 533 against 381 images/s)."""
    return torch.channels_last if convolutional and device.type != "mps" else torch.contiguous_format


def evaluation_batch(device: torch.device, input_shape: tuple[int, ...], *, convolutional: bool) -> int:
    """Examples of this shape that are predicted at a time.

    On a CPU, activations of more images leave the cache; on an accelerator, those of larger images fill its memory.
    """
    if device.type == "cpu":
        return 128 if convolutional else 1024
    return max(32, min(1024, 1024 * 3 * 64 * 64 // prod(input_shape))) if convolutional else 1024


def accumulator_dtype(device: torch.device) -> torch.dtype:
    """The widest floating point type of a device."""
    return torch.float32 if device.type == "mps" else torch.float64


@contextmanager
def deterministic_algorithms(*, wanted: bool = True) -> Iterator[None]:
    """Inside, torch takes algorithms whose result does not depend on timing, if wanted; outside all is as it was.

    Entering takes a millisecond: wrap stretches of work, not steps. `torch.use_deterministic_algorithms` would load
    torch's compiler first, which takes a second; code that was compiled before keeps its own setting.
    """
    before = torch.get_deterministic_debug_mode()
    fill, cudnn = FILL.fill_uninitialized_memory, torch.backends.cudnn.benchmark
    torch.set_deterministic_debug_mode("error" if wanted else "default")
    # Filling every fresh tensor with NaN is a debugging aid that costs a pass over memory.
    FILL.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)
        FILL.fill_uninitialized_memory = fill
        torch.backends.cudnn.benchmark = cudnn


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory of the device or the machine is exhausted."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # The CPU allocator and MPS raise a plain RuntimeError.
    text = str(error)
    return isinstance(error, RuntimeError) and ("can't allocate memory" in text or "out of memory" in text)


def is_lost(error: BaseException) -> bool:
    """Whether an error says that the device computes nothing more for this process, as after a fault in a kernel."""
    if is_out_of_memory(error):
        return False
    return isinstance(error, torch.AcceleratorError) or (isinstance(error, RuntimeError) and "CUDA error" in str(error))
