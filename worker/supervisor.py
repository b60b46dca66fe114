"""One claimed run, from its trainer's start to its end. Knows nothing of Celery."""

import logging
import shutil
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from store import checkpoints
from store.database.engine import Database
from store.database.records import Checkpoint, Claim
from store.errors import CorruptCheckpoint, LeaseLost, NotFound, StorageFull
from store.lifecycle import claims, sweeper
from store.lifecycle.states import Outcome, Reason, Request
from store.settings import Settings
from worker.cores import usable
from worker.devices import CPU, Device
from worker.heartbeat import Heartbeat
from worker.process import describe_exit
from worker.reporting import Reporter
from worker.scratch import attempt_folder

TICK_SECONDS = 0.1
MOST_READERS = 16
"""Processes that read image files for one trainer, where the settings do not say how many."""
"""Where they keep pixels, in the data directory."""
HOST_LOST = "the process that this trainer was forked from has ended; the run goes on from its last checkpoint"
REMEDY = "free space, make it writable or choose another LPL_DATA_DIR, then retry the run"
CONCLUDED = (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.AT_RUNG)
"""Ends that a trainer comes to by itself."""
STOPS = {Request.CANCEL: Outcome.CANCELLED, Request.PAUSE: Outcome.PAUSED}
log = logging.getLogger(__name__)


class Trainer(Protocol):
    """What trains the run: a process, or a part of one."""

    def next_event(self) -> dict[str, Any] | None:
        """The next event, waited for; None after the last."""

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""

    def kill(self) -> None:
        """End it at once."""

    def ended(self) -> bool:
        """Whether it has ended, though what it started may live."""

    def wait(self) -> int | None:
        """Wait a while for its end; the exit status, None if nobody can tell."""


class Starter(Protocol):
    """Starts what trains the run."""

    def start(self, run_id: str, payload: Mapping[str, Any], *, environment: Mapping[str, str]) -> Trainer:
        """A trainer; raises OSError where it cannot be started."""

    def distrust(self, run_id: str) -> None:
        """Start this run by itself from now on: the host ended while it was trained."""


class Supervisor:
    """Trains one claimed run.

    Args:
        stopping: set when this worker shuts down; the run is then handed over.
        trainers: starts the trainer.
    """

    def __init__(
        self,
        db: Database,
        claim: Claim,
        *,
        settings: Settings,
        device: Device,
        stopping: threading.Event,
        trainers: Starter,
    ) -> None:
        self._db, self._claim, self._settings = db, claim, settings
        self._device, self._stopping, self._trainers = device, stopping, trainers
        self._stop_by: float | None = None
        self._reporter = Reporter(db, claim, given_up=self._given_up)
        self._heart = Heartbeat(
            db, claim, lease_seconds=settings.lease_seconds, progress=lambda: self._reporter.fraction
        )

    def run(self) -> None:
        """Train until the run ends, is asked to stop or is lost."""
        scratch = attempt_folder(self._settings.data_dir, self._claim.run_id, self._claim.attempt)
        try:
            with self._heart:
                self._attempt(scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _attempt(self, scratch: Path) -> None:
        """Train, and end the run where it cannot be trained."""
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            self._train(scratch)
        except LeaseLost as error:
            log.warning("run %s: %s", self._claim.run_id, error)
        except StorageFull as error:
            self._finish(Outcome.FAILED, Reason.STORAGE_FULL, str(error))
        except OSError as error:
            message = f"{error.filename or scratch}: {error.strerror}; {REMEDY}"
            self._finish(Outcome.FAILED, Reason.STORAGE_FULL, message)
        except Exception as error:
            log.exception("run %s cannot be supervised", self._claim.run_id)
            self._finish(Outcome.FAILED, Reason.ERROR, f"{type(error).__name__}: {error}")

    def _train(self, scratch: Path) -> None:
        resume = self._fetch_resume(scratch)
        payload = {
            "run_id": self._claim.run_id,
            "spec": self._claim.spec,
            "seed": self._claim.seed,
            "stop_epoch": self._claim.stop_epoch,
            "data_dir": str(self._settings.data_dir),
            "weights_dir": self._settings.weights_dir and str(self._settings.weights_dir),
            "datasets": self._claim.datasets,
            "resume_from": None if resume is None else str(resume),
            "checkpoint_dir": str(scratch),
            "device": self._device.torch_name(),
            "cores": self._settings.cores,
            "pipeline": reading(self._settings, self._device),
        }
        trainer = self._trainers.start(self._claim.run_id, payload, environment=self._device.environment())
        try:
            self._follow(trainer)
        except BaseException:
            trainer.kill()
            raise
        finally:
            status = trainer.wait()
        self._conclude(status)

    def _fetch_resume(self, scratch: Path) -> Path | None:
        """The checkpoint to go on from; a damaged one is given up for the one before."""
        checkpoint: Checkpoint | None = self._claim.resume
        path = scratch / "resume.safetensors"
        while checkpoint is not None:
            try:
                self._reporter.insist(partial(checkpoints.download, self._db, checkpoint.id, path))
                return path
            except (CorruptCheckpoint, NotFound) as error:
                self._reporter.log("warning", f"{error}; going back to the one before")
                checkpoint = self._reporter.write(claims.reject_checkpoint, checkpoint.id)
        return None

    def _follow(self, trainer: Trainer) -> None:
        """Report events until the trainer's pipe closes; end the trainer where somebody wants that."""
        threading.Thread(target=self._guard, args=(trainer,), name="guard", daemon=True).start()
        while (event := trainer.next_event()) is not None:
            self._reporter.report(event)

    def _guard(self, trainer: Trainer) -> None:
        """Kill at once where the run is lost; where a stop is wanted ask, wait for the grace time, then kill.

        A trainer that died is killed too: what it started may still hold its event pipe open.
        """
        while not (self._heart.lost or trainer.ended() or self._overdue()):
            if self._stop_by is None and self._stop_wanted():
                self._stop_by = time.monotonic() + self._settings.grace_seconds
                trainer.terminate()
            time.sleep(TICK_SECONDS)
        trainer.kill()

    def _stop_wanted(self) -> bool:
        return self._stopping.is_set() or self._heart.requested is not None

    def _overdue(self) -> bool:
        """Whether a wanted stop has used up its grace time."""
        return self._stop_by is not None and time.monotonic() > self._stop_by

    def _given_up(self) -> bool:
        """Whether to wait no longer for a database that is away."""
        return self._heart.lost or (self._stopping.is_set() and self._overdue())

    def _conclude(self, status: int | None) -> None:
        """Write how the attempt ended; no status means that the host of the trainer ended, which is no fault of it."""
        if self._heart.lost:
            raise LeaseLost(f"attempt {self._claim.attempt} of run {self._claim.run_id} is over")
        end = self._reporter.end
        if end is not None and self._continues(end):
            return
        if end is not None and end["outcome"] in CONCLUDED:
            self._finish(end["outcome"], end.get("reason"), end.get("message"))
        elif end is not None or self._stop_wanted():
            requested = self._heart.requested
            self._finish(STOPS[requested] if requested else Outcome.RELEASED)
        elif status is None:
            self._trainers.distrust(self._claim.run_id)
            self._reporter.log("warning", HOST_LOST)
            self._finish(Outcome.RELEASED)
        else:
            self._reporter.write(sweeper.report_loss, describe_exit(status))

    def _continues(self, end: Mapping[str, Any]) -> bool:
        """Let a run that ran out of memory go on: alone, or in smaller parts of a batch where its spec wants that."""
        if end.get("reason") != Reason.OUT_OF_MEMORY:
            return False
        message = str(end.get("message") or "out of memory")
        ways = (claims.leave_pack, claims.halve_batch)
        return any(self._reporter.write(way, message) is not None for way in ways)

    def _finish(self, outcome: str, reason: str | None = None, message: str | None = None) -> None:
        try:
            self._reporter.write(claims.finish, outcome=outcome, reason=reason, message=message)
        except LeaseLost as error:
            log.warning("run %s: %s", self._claim.run_id, error)
        except StorageFull as error:
            log.error("run %s ended as %s, which cannot be written: %s", self._claim.run_id, outcome, error)


def reading(settings: Settings, device: Device) -> dict[str, Any]:
    """How a trainer reads image files."""
    workers = settings.data_workers
    if workers is None:
        workers = 0 if device.name == CPU.name else min(MOST_READERS, (settings.cores or usable()) - 1)
    return {
        "workers": workers,
        "memory_bytes": settings.image_memory_bytes,
        "cache_dir": str(settings.cache_dir),
        "cache_bytes": settings.cache_bytes,
    }
