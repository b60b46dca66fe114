"""The host of warm trainers, where the run of seed 3 is the death of its process, at its second epoch each time."""

import os
import signal
from typing import Any

from worker import host, train

KILLER = 3


class Killing(train.Member):
    """A run that may kill its process."""

    def send(self, event: dict[str, Any]) -> None:
        """Write one of its events, perhaps the last."""
        super().send(event)
        if self.payload["seed"] == KILLER and event["type"] == "epoch" and event["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    train.Member = Killing  # type: ignore[misc]
    host.main()
