"""How much memory a device has and how much of it is free, asked without torch, and so without starting CUDA here."""

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import Any

from store.database.records import Memory
from worker.devices import Device

MEMINFO = Path("/proc/meminfo")
NVML = "libnvidia-ml.so.1"
"""NVIDIA's library about its GPUs; it comes with the driver."""
PREFIXES = ("MIG-", "GPU-")
"""Of the identifiers of a part of a GPU, and of a whole one."""


class NvmlMemory(ctypes.Structure):
    """`nvmlMemory_t`."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def memory(device: Device) -> Memory:
    """The memory of a device.

    An Apple GPU shares the machine's. Of a GPU that is not NVIDIA's only the total is known.
    """
    if not device.name.startswith("cuda"):
        return machine_memory()
    return Memory(device.memory_bytes, None if device.uuid is None else free_of_gpu(device.uuid))


def machine_memory(path: Path = MEMINFO) -> Memory:
    """The machine's: what Linux says, else the total that POSIX does."""
    try:
        lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
        total, free = (1024 * int(lines[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
        return Memory(total, free)
    except (OSError, KeyError, ValueError, IndexError):
        return Memory(posix_total())


def posix_total() -> int | None:
    """The machine's memory, None where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def free_of_gpu(uuid: str, library: str = NVML) -> int | None:
    """Free memory of an NVIDIA GPU or of a part of one, None where its driver does not say.

    Args:
        uuid: as torch writes it, without a prefix.
    """
    if (nvml := loaded(library)) is None:
        return None
    handle, answer = ctypes.c_void_p(), NvmlMemory()
    for prefix in PREFIXES:
        if nvml.nvmlDeviceGetHandleByUUID(f"{prefix}{uuid}".encode(), ctypes.byref(handle)) == 0:
            told = nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(answer)) == 0
            return int(answer.free) if told else None
    return None


@cache
def loaded(library: str) -> Any:
    """NVIDIA's library, ready for questions; None where there is no driver."""
    try:
        nvml = ctypes.CDLL(library)
    except OSError:
        return None
    return nvml if nvml.nvmlInit_v2() == 0 else None
