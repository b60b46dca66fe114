"""What must be the same for a resumed run to equal an uninterrupted one bit for bit."""

from dataclasses import asdict, dataclass
from typing import Any

import torch

from lplcore import device as devices


@dataclass(frozen=True)
class Conditions:
    """Under which a run computes; a checkpoint says them."""

    device: str
    precision: str
    threads: int
    torch: str
    deterministic: bool

    def said(self) -> dict[str, Any]:
        """What a checkpoint says; of determinism only where there is none, as nobody could say before."""
        return {name: value for name, value in asdict(self).items() if name != "deterministic" or not value}


def current(device: torch.device, autocast: torch.dtype | None, *, deterministic: bool) -> Conditions:
    """Those of this process on a device where networks are computed in a type; None: in float32."""
    precision = "float32" if autocast is None else "bf16"
    threads, software = torch.get_num_threads(), devices.software(device)
    return Conditions(devices.describe(device), precision, threads, software, deterministic)
