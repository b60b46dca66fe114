"""Slots: one run, or one pack of runs, at a time each. A slot that is woken trains until nothing waits.

An accelerator is one slot. A CPU is a slot for each of its cores: runs that gain nothing by a second one train side by
side, others take all cores. A pack takes what one of its runs does.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from store import checkpoints
from store.database.engine import Database
from store.database.records import Claim
from store.errors import StoreError
from store.lifecycle import claims, sweeper
from store.settings import Settings
from worker import scratch
from worker.cores import Cores, usable
from worker.devices import CPU, Device
from worker.packing import Pack
from worker.registration import Registration
from worker.supervisor import Starter, Supervisor
from worker.trainers import Trainers

BEAT_SECONDS = 10.0
log = logging.getLogger(__name__)


class Slot:
    """A place on a device, and what is trained there.

    Args:
        cores: those of the device, which its slots share.
        more: called when a run has begun and cores are left for another.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        registration: Registration,
        *,
        cores: Cores,
        stopping: threading.Event,
        trainers: Trainers,
        more: Callable[[], None],
    ) -> None:
        self._db, self._settings, self._registration = db, settings, registration
        self._cores, self._stopping, self._trainers, self._more = cores, stopping, trainers, more
        self._busy = threading.Lock()
        self._again = threading.Event()
        self._nudged = threading.Event()

    def poll_forever(self) -> None:
        """Look for work now and then, and when nudged."""
        while not self._stopping.is_set():
            try:
                self.work()
            except Exception:
                log.exception("a slot failed")
            self._nudged.wait(self._settings.poll_seconds)
            self._nudged.clear()

    def nudge(self) -> None:
        """Let the polling thread look for work at once."""
        self._nudged.set()

    @property
    def draining(self) -> bool:
        """Whether its device claimed nothing as of the last sign of life."""
        return self._registration.draining

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
        with ExitStack() as holding:
            claim = self._claim(holding)
            if claim is None:
                return False
            members = [claim, *self._claim_others(claim, holding)]
            if self._cores.free:
                self._more()
            self._train(members)
        return True

    def _train(self, members: Sequence[Claim]) -> None:
        """Train a run, or several in one process."""
        if len(members) == 1:
            self._supervise(members[0], self._trainers)
            return
        pack = Pack(self._trainers, environment=self._registration.device.environment())
        pack.run([partial(self._supervise, member) for member in members])

    def _supervise(self, claim: Claim, trainers: Starter) -> None:
        log.info("run %s, attempt %d, on %s", claim.run_id, claim.attempt, self._registration.device.name)
        Supervisor(
            self._db,
            claim,
            settings=self._settings,
            device=self._registration.device,
            stopping=self._stopping,
            trainers=trainers,
        ).run()

    def _claim_others(self, first: Claim, holding: ExitStack) -> Iterator[Claim]:
        """Runs to train in the process of a claimed one, as long as it is their turn."""
        for _ in range(0 if first.alone else self._settings.pack - 1):
            if (claim := self._claim(holding, beside=first)) is None:
                return
            yield claim

    def _claim(self, holding: ExitStack, *, beside: Claim | None = None) -> Claim | None:
        """The next run, with the cores that it takes; None where nothing waits that fits those that are free.

        Args:
            beside: the run whose process, and cores, it is to share.
        """
        with self._cores.claiming:
            room = beside is not None or self._cores.free
            if self._stopping.is_set() or self._registration.worker_id is None or not room:
                return None
            self._registration.looked_at = time.monotonic()
            try:
                claim = self._claim_next(self._registration.worker_id, beside)
            except StoreError as error:
                log.warning("nothing can be claimed: %s", error)
                return None
            if claim is not None:
                if beside is None:
                    holding.enter_context(self._cores.taken(one=claim.one_core))
                holding.enter_context(self._registration.training(claim.run_id))
            return claim

    def _claim_next(self, worker_id: str, beside: Claim | None) -> Claim | None:
        """The next run that can be trained."""
        claim = partial(
            claims.claim,
            worker_id=worker_id,
            device=self._registration.device.name,
            lease_seconds=self._settings.lease_seconds,
            one_core=self._cores.free < self._cores.number,
            beside=beside,
        )
        while isinstance(taken := self._db.write(claim), claims.Unfit):
            pass
        return taken


class Slots:
    """All slots of this process, with the chores that need no slot: signs of life, polling, sweeping."""

    def __init__(self, db: Database, settings: Settings, devices: Sequence[Device], *, trainers: Trainers) -> None:
        self._db, self._settings, self._stopping = db, settings, threading.Event()
        self._registrations = [Registration(db, device, poll_seconds=settings.poll_seconds) for device in devices]
        self._slots: list[Slot] = []
        for registration in self._registrations:
            cores = Cores((settings.cores or usable()) if registration.device.name == CPU.name else 1)
            self._slots += [
                Slot(
                    db,
                    settings,
                    registration,
                    cores=cores,
                    stopping=self._stopping,
                    trainers=trainers,
                    more=self._nudge,
                )
                for _ in range(cores.number)
            ]
        self._threads: list[threading.Thread] = []

    def __len__(self) -> int:
        """Runs that can train at once."""
        return len(self._slots)

    def hear(self, state: Callable[[], str]) -> None:
        """Let signs of life carry the state of the consumer."""
        for registration in self._registrations:
            registration.hears = state

    def wake(self) -> None:
        """Let a free slot look for work, one that drains last; this thread trains. Busy slots look by themselves."""
        for slot in sorted(self._slots, key=lambda slot: slot.draining):
            if slot.work():
                return

    def start(self) -> None:
        """Sign the devices on and start the chores.

        Raises:
            StoreError: the database does not take them.
        """
        for registration in self._registrations:
            registration.register()
        self._start("beat", partial(self._repeat, BEAT_SECONDS, self._beat))
        self._start("sweep", partial(self._repeat, self._settings.sweep_seconds, self._sweep))
        for number, slot in enumerate(self._slots):
            self._start(f"slot {number}", slot.poll_forever)

    def stop(self, timeout: float) -> None:
        """Hand over what trains, end the chores, sign the devices off."""
        self._stopping.set()
        self._nudge()
        deadline = time.monotonic() + timeout
        for slot in self._slots:
            slot.wait_until_idle(max(0.0, deadline - time.monotonic()))
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for registration in self._registrations:
            try:
                registration.leave()
            except StoreError as error:
                log.warning("cannot sign off: %s", error)

    def _nudge(self) -> None:
        for slot in self._slots:
            slot.nudge()

    def _start(self, name: str, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
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
        for registration in self._registrations:
            registration.beat()

    def _sweep(self) -> None:
        settings = self._settings
        sweeper.sweep(self._db, lease_seconds=settings.lease_seconds, sweep_seconds=settings.sweep_seconds)
        while checkpoints.sweep_superseded(self._db) and not self._stopping.is_set():
            pass
        scratch.clear(self._db, settings.data_dir)
