"""Random draws as functions of (seed, purpose, epoch, step), so that a resumed run repeats what it would have drawn."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def draw_seed(seed: int, purpose: str, *position: int) -> int:
    """A 63-bit seed that depends on all arguments, the same on every machine."""
    text = "/".join([str(seed), purpose, *map(str, position)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, purpose: str, *position: int) -> torch.Generator:
    """A CPU generator for one purpose (`order`, `augmentation`, ...) at one position (epoch, step)."""
    return torch.Generator().manual_seed(draw_seed(seed, purpose, *position))


@contextmanager
def seeded(device: torch.device, seed: int, purpose: str, *position: int) -> Iterator[None]:
    """torch's global generators (CPU and `device`) seeded inside, as they were outside.

    For code that takes no generator: initial weights, dropout.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(draw_seed(seed, purpose, *position))
        yield
