"""What must be the same for a resumed run to equal an uninterrupted one bit for bit."""

from dataclasses import dataclass

import torch

from lplcore import device as devices


@dataclass(frozen=True)
class Conditions:
    """Under which a run computes; a checkpoint says them."""

    device: str
    precision: str
    threads: int
    torch: str


def current(device: torch.device, precision: str) -> Conditions:
    """Those of this process on a device."""
    return Conditions(devices.describe(device), precision, torch.get_num_threads(), devices.software(device))
