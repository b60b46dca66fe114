"""Slots: one device, one run at a time. A slot that is woken trains until nothing waits."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version

from store import checkpoints, workers
from store.database.engine import Database
from store.database.records import Claim
from store.errors import StoreError
from store.lifecycle import claims, sweeper
from store.settings import Settings
from worker import scratch
from worker.devices import Device
from worker.supervisor import Supervisor
from worker.trainers import Trainers

BEAT_SECONDS = 10.0
DEAF_POLLS = 4
"""A slot that misses this many polls counts as dead though its process lives."""
log = logging.getLogger(__name__)


class Slot:
    """A device and what is trained on it."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        device: Device,
        *,
        stopping: threading.Event,
        trainers: Trainers,
    ) -> None:
        self.device = device
        self._db, self._settings, self._stopping, self._trainers = db, settings, stopping, trainers
        self._busy = threading.Lock()
        self._again = threading.Event()
        self._looked_at = time.monotonic()
        self.hears: Callable[[], str] | None = None
        """Tells the state of the consumer; None where there is no broker."""
        self.worker_id: str | None = None
        self.run_id: str | None = None

    def register(self) -> None:
        """Note this slot among the workers."""
        register = partial(
            workers.register,
            hostname=socket.gethostname(),
            pid=os.getpid(),
            device=self.device.name,
            device_name=self.device.title,
            version=version("lpl-service"),
        )
        self.worker_id = self._db.write(register)

    def beat(self) -> None:
        """Record that this slot lives: that it trains, or has lately looked for work."""
        if self.worker_id is None:
            self.register()
        elif self.run_id is None and time.monotonic() - self._looked_at > DEAF_POLLS * self._settings.poll_seconds:
            log.error("%s has not looked for work for too long; no sign of life is given", self.device.name)
        else:
            consumer = None if self.hears is None else self.hears()
            self._db.write(partial(workers.beat, worker_id=self.worker_id, run_id=self.run_id, consumer=consumer))

    def leave(self) -> None:
        """Forget this slot."""
        if self.worker_id is not None:
            self._db.write(partial(workers.leave, worker_id=self.worker_id))

    def wait_until_idle(self, timeout: float) -> None:
        """Block until idle and keep the lock, so that nothing starts."""
        self._busy.acquire(timeout=timeout)

    def work(self) -> bool:
        """Train until nothing waits; false at once where the slot is busy (it looks again before it rests)."""
        self._again.set()
        worked = False
        while self._again.is_set() and not self._stopping.is_set() and self._busy.acquire(blocking=False):
            try:
                self._again.clear()
                while self._train_next():
                    pass
            finally:
                self._busy.release()
            worked = True
        return worked

    def _train_next(self) -> bool:
        if self._stopping.is_set() or self.worker_id is None:
            return False
        self._looked_at = time.monotonic()
        try:
            claim = self._claim_next(self.worker_id)
        except StoreError as error:
            log.warning("nothing can be claimed: %s", error)
            return False
        if claim is None:
            return False
        self.run_id = claim.run_id
        log.info("run %s, attempt %d, on %s", claim.run_id, claim.attempt, self.device.name)
        try:
            Supervisor(
                self._db,
                claim,
                settings=self._settings,
                device=self.device,
                stopping=self._stopping,
                trainers=self._trainers,
            ).run()
        finally:
            self.run_id = None
        return True

    def _claim_next(self, worker_id: str) -> Claim | None:
        """The next run that can be trained."""
        seconds = self._settings.lease_seconds
        claim = partial(claims.claim, worker_id=worker_id, device=self.device.name, lease_seconds=seconds)
        while isinstance(taken := self._db.write(claim), claims.Unfit):
            pass
        return taken


class Slots:
    """All slots of this process, with the chores that need no slot: signs of life, polling, sweeping."""

    def __init__(self, db: Database, settings: Settings, devices: Sequence[Device], *, trainers: Trainers) -> None:
        self._db, self._settings, self._stopping = db, settings, threading.Event()
        self._slots = [Slot(db, settings, device, stopping=self._stopping, trainers=trainers) for device in devices]
        self._threads: list[threading.Thread] = []

    def device_names(self) -> list[str]:
        """One name per slot."""
        return [slot.device.name for slot in self._slots]

    def hear(self, state: Callable[[], str]) -> None:
        """Let signs of life carry the state of the consumer."""
        for slot in self._slots:
            slot.hears = state

    def wake(self) -> None:
        """Let a free slot look for work; this thread trains. Busy slots look by themselves."""
        for slot in self._slots:
            if slot.work():
                return

    def start(self) -> None:
        """Sign the slots on and start the chores.

        Raises:
            StoreError: the database does not take them.
        """
        for slot in self._slots:
            slot.register()
        chores = [("beat", BEAT_SECONDS, self._beat), ("sweep", self._settings.sweep_seconds, self._sweep)]
        for name, seconds, chore in chores:
            self._start(name, seconds, chore)
        for slot in self._slots:
            self._start(f"poll {slot.device.name}", self._settings.poll_seconds, slot.work)

    def stop(self, timeout: float) -> None:
        """Hand over what trains, end the chores, sign the slots off."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        for slot in self._slots:
            slot.wait_until_idle(max(0.0, deadline - time.monotonic()))
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for slot in self._slots:
            try:
                slot.leave()
            except StoreError as error:
                log.warning("cannot sign off: %s", error)

    def _start(self, name: str, seconds: float, chore: Callable[[], object]) -> None:
        thread = threading.Thread(target=self._repeat, args=(seconds, chore), name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _repeat(self, seconds: float, chore: Callable[[], object]) -> None:
        while True:
            try:
                chore()
            except StoreError as error:
                log.warning("%s", error)
            except Exception:
                log.exception("a chore failed")
            if self._stopping.wait(seconds):
                return

    def _beat(self) -> None:
        for slot in self._slots:
            slot.beat()

    def _sweep(self) -> None:
        settings = self._settings
        sweeper.sweep(self._db, lease_seconds=settings.lease_seconds, sweep_seconds=settings.sweep_seconds)
        while checkpoints.sweep_superseded(self._db) and not self._stopping.is_set():
            pass
        scratch.clear(self._db, settings.data_dir)
