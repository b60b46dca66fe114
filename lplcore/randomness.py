"""Random draws as functions of (seed, purpose, position), so that a resumed run repeats what it would have drawn.

What an example gets (augmentation) follows its place in the epoch's order, whatever the batch size: `rows`. What a step
draws (dropout, noise of the method) follows the step: `seeded`, `draw_seed`. The order follows the epoch: `generator`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


def draw_seed(seed: int, purpose: str, *position: int) -> int:
    """A 63-bit seed that depends on all arguments, the same on every machine."""
    text = "/".join([str(seed), purpose, *map(str, position)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, purpose: str, *position: int) -> torch.Generator:
    """A CPU generator for one purpose (`order`, `augmentation`, ...) at one position (epoch, step)."""
    return torch.Generator().manual_seed(draw_seed(seed, purpose, *position))


def rows(seed: int, purpose: str, epoch: int, *, number: int, width: int, first: int = 0) -> Tensor:
    """[number, width] float32 numbers, uniform on the multiples of 2^-24 in [0, 1): an epoch's draws from a row on.

    Row p belongs to position p of the epoch's order. It depends on (seed, purpose, epoch, p) alone: on no other row,
    nor on `number`; a larger `width` adds columns. The generator is counter-based (Philox; Salmon et al., Parallel
    random numbers: as easy as 1, 2, 3, SC 2011), so that any row is computed alone.
    """
    columns = [block(draw_seed(seed, purpose, epoch, index), first, number) for index in range(-(-width // COUNTER))]
    drawn = np.concatenate([np.empty((number, 0), np.uint64), *columns], axis=1)[:, :width]
    return torch.from_numpy((drawn >> np.uint64(40)).astype(np.float32) * np.float32(2**-24))


def block(key: int, first: int, number: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint64]]":
    """[number, COUNTER] random words, a row for each value of the counter from `first` on."""
    return np.random.Philox(key=key).advance(first).random_raw(number * COUNTER).reshape(number, COUNTER)


COUNTER = 4
"""Words that one value of Philox's counter gives."""


@contextmanager
def seeded(device: torch.device, seed: int, purpose: str, *position: int) -> Iterator[None]:
    """torch's global generators (CPU and `device`) seeded inside, as they were outside.

    For code that takes no generator: initial weights, dropout.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        seed_generators(device, draw_seed(seed, purpose, *position))
        yield


def seed_generators(device: torch.device, seed: int) -> None:
    """Seed torch's global generators of the CPU and of the kind of `device`, as `torch.manual_seed` seeds all.

    That formats the call stack for every kind of accelerator that is not in use: half a millisecond or more.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed_all(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
