"""The host of warm trainers, where the run of seed 3 harms its process in its second epoch, in the way of the argument.

`kills` it each time; `loses-device` of it and `runs-out-of-memory` while it shares it with others.
"""

import os
import signal
import sys
import threading
from dataclasses import replace
from typing import Any

import torch

import lplcore
from worker import host, train

KILLER = 3


class Harmful(train.Member):
    """A run that may harm its process."""

    def send(self, event: dict[str, Any]) -> None:
        """Write one of its events, perhaps the last."""
        super().send(event)
        if self._harms("kills") and event["type"] == "epoch" and event["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    def request(self, stop_all: threading.Event, *, runs: int) -> lplcore.Request | None:
        """What to train; where it is asked whether it is to stop, it may fail."""
        asked = super().request(stop_all, runs=runs)
        return replace(asked, should_stop=self._fail) if asked and self._mark else asked

    def _fail(self) -> bool:
        if self._harms("loses-device"):
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
        if self._harms("runs-out-of-memory"):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.stop.is_set()

    def _harms(self, way: str) -> bool:
        return self.payload["seed"] == KILLER and sys.argv[1] == way


if __name__ == "__main__":
    train.Member = Harmful  # type: ignore[misc]
    host.main()
