"""From a trainer's events to the store. A database that is away is waited for; nothing is dropped."""

import base64
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from store import checkpoints, metrics
from store.database.engine import Database
from store.database.records import Claim, Series
from store.errors import DatabaseUnavailable, LeaseLost
from store.lifecycle import claims

P = ParamSpec("P")
T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
log = logging.getLogger(__name__)


class Reporter:
    """Writes what a run reports under its claim.

    Args:
        given_up: asked while the database is away; true ends the waiting with LeaseLost.
    """

    def __init__(self, db: Database, claim: Claim, *, given_up: Callable[[], bool]) -> None:
        self._db, self._claim, self._given_up = db, claim, given_up
        self._epochs = int(claim.spec.get("epochs", 1))
        self._keep_last = int(claim.spec.get("checkpoints", {}).get("keep_last", 2))
        self._writers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "run_start": self._run_start,
            "progress": self._progress,
            "epoch": self._epoch,
            "checkpoint": self._checkpoint,
            "log": lambda event: self.log(str(event["level"]), str(event["message"])),
            "run_end": self._run_end,
        }
        self.end: dict[str, Any] | None = None
        self.fraction: float | None = None

    def report(self, event: Mapping[str, Any]) -> None:
        """Take one event in; an unknown kind is passed over.

        Raises:
            LeaseLost: another attempt owns the run.
            StorageFull: the database cannot grow.
        """
        if (write := self._writers.get(str(event.get("type")))) is not None:
            write(event)

    def log(self, level: str, message: str) -> None:
        """Add a line to the run's log."""
        self.write(claims.log, level, message)

    def write(self, change: Callable[Concatenate[Any, Claim, P], T], *args: P.args, **options: P.kwargs) -> T:
        """Change something under the claim, in a transaction of its own; waits as `insist` does."""
        return self._write(lambda session: change(session, self._claim, *args, **options))

    def _write(self, work: Callable[[Any], T]) -> T:
        return self.insist(lambda: self._db.write(work))

    def insist(self, call: Callable[[], T]) -> T:
        """Call, again and again while the database is away.

        Raises:
            LeaseLost: another attempt owns the run, or the caller gave up.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return call()
            except DatabaseUnavailable as error:
                if self._given_up():
                    raise LeaseLost(f"run {self._claim.run_id} was given up during a database outage") from error
                log.warning("run %s: %s; training goes on, trying again", self._claim.run_id, error)
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _run_start(self, event: Mapping[str, Any]) -> None:
        self._epochs = int(event["epochs"])
        info = {key: value for key, value in event.items() if key != "type"}
        self.write(metrics.record_start, info)

    def _progress(self, event: Mapping[str, Any]) -> None:
        self.fraction = float(event["fraction"])

    def _epoch(self, event: Mapping[str, Any]) -> None:
        series = {
            name: Series(tuple(array["shape"]), base64.b64decode(array["data"]))
            for name, array in event["series"].items()
        }
        epoch = int(event["epoch"])
        # A run with preparation is further than its epochs tell.
        self.fraction = max(self.fraction or 0.0, epoch / max(1, self._epochs))
        self.write(metrics.record_epoch, epoch=epoch, epochs=self._epochs, metrics=event["metrics"], series=series)

    def _checkpoint(self, event: Mapping[str, Any]) -> None:
        path = Path(event["path"])
        place: dict[str, Any] = {"epoch": int(event["epoch"]), "step": int(event["step"]), "kind": str(event["kind"])}
        try:
            checkpoints.upload(self._write, self._claim, path, **place, keep_last=self._keep_last)
        finally:
            path.unlink(missing_ok=True)

    def _run_end(self, event: Mapping[str, Any]) -> None:
        self.end = dict(event)
