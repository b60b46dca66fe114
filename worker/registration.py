"""A device of this worker in the list of workers: its entry, and the signs of life that keep it there."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version

from store import workers
from store.database.engine import Database
from worker.devices import Device
from worker.memory import memory

DEAF_POLLS = 4
"""A device that misses this many polls counts as dead though its process lives."""
log = logging.getLogger(__name__)


class Registration:
    """The entry of a device, and what is trained on it.

    Attributes:
        hears: tells the state of the consumer; None where there is no broker.
        run_ids: what trains, the latest last.
        looked_at: when work was last looked for.
        draining: whether it claimed nothing as of the last sign of life.
    """

    def __init__(self, db: Database, device: Device, *, poll_seconds: float) -> None:
        self.device = device
        self._db, self._poll_seconds = db, poll_seconds
        self.hears: Callable[[], str] | None = None
        self.worker_id: str | None = None
        self.run_ids: list[str] = []
        self.looked_at = time.monotonic()
        self.draining = False

    def register(self) -> None:
        """Note this device among the workers."""
        register = partial(
            workers.register,
            hostname=socket.gethostname(),
            pid=os.getpid(),
            device=self.device.name,
            device_name=self.device.title,
            version=version("lpl-service"),
            memory=memory(self.device),
        )
        self.worker_id = self._db.write(register)

    def beat(self) -> None:
        """Record that this device lives: that something trains, or that work was looked for lately."""
        running = self.run_ids[-1:]
        if self.worker_id is None:
            self.register()
        elif not running and time.monotonic() - self.looked_at > DEAF_POLLS * self._poll_seconds:
            log.error("%s has not looked for work for too long; no sign of life is given", self.device.name)
        else:
            beat = partial(
                workers.beat,
                worker_id=self.worker_id,
                run_id=running[0] if running else None,
                consumer=None if self.hears is None else self.hears(),
                memory=memory(self.device),
            )
            self.draining = self._db.write(beat)

    @contextmanager
    def training(self, run_id: str) -> Iterator[None]:
        """A run trains here for as long as the context lasts."""
        self.run_ids.append(run_id)
        try:
            yield
        finally:
            self.run_ids.remove(run_id)

    def leave(self) -> None:
        """Forget this device."""
        if self.worker_id is not None:
            self._db.write(partial(workers.leave, worker_id=self.worker_id))
