"""Cosine decay to zero."""

import math
from typing import ClassVar, Literal

from lplcore.schedules import Schedule


class Cosine(Schedule):
    """Half a cosine from the optimiser's rate after warm-up to zero at the end, per step."""

    title: ClassVar[str] = "Cosine"
    citation: ClassVar[str] = "Loshchilov, Hutter, SGDR, ICLR 2017"

    name: Literal["cosine"] = "cosine"

    def after_warmup(self, epoch: int, step: int, *, steps: int, epochs: int) -> float:
        done = (epoch - self.warmup_epochs) * steps + step
        return 0.5 * (1 + math.cos(math.pi * done / ((epochs - self.warmup_epochs) * steps)))
