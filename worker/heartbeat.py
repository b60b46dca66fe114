"""The heartbeat of an attempt: it keeps the lease and hears what users request."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from store.database.engine import Database
from store.database.records import Claim
from store.errors import LeaseLost, StoreError
from store.lifecycle import claims
from store.lifecycle.states import Request

LONGEST_PAUSE_SECONDS = 5.0
"""Upper bound of the pause between beats, hence of the latency of a cancel or pause, also under a long lease."""
log = logging.getLogger(__name__)


class Heartbeat:
    """Beats in a thread of its own for as long as the context lasts.

    Args:
        progress: asked at every beat; None where it is not known yet.

    Attributes:
        requested: what users requested of the run as of the last beat.
        lost: whether another attempt owns the run, or it has ended.
    """

    def __init__(
        self, db: Database, claim: Claim, *, lease_seconds: float, progress: Callable[[], float | None]
    ) -> None:
        self._db, self._claim, self._lease_seconds, self._progress = db, claim, lease_seconds, progress
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_done, name="heartbeat", daemon=True)
        self.requested: Request | None = None
        self.lost = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _beat_until_done(self) -> None:
        """Renew the lease at least every quarter of it."""
        while not self._done.wait(min(self._lease_seconds / 4, LONGEST_PAUSE_SECONDS)):
            try:
                self._beat()
            except Exception:  # without a heartbeat the run would be lost
                log.exception("run %s: no heartbeat", self._claim.run_id)

    def _beat(self) -> None:
        seconds, progress = self._lease_seconds, self._progress()
        try:
            requested = self._db.write(
                lambda session: claims.heartbeat(session, self._claim, lease_seconds=seconds, progress=progress)
            )
            self.requested = Request(requested) if requested else None
        except LeaseLost:
            if not self._done.is_set():
                self.lost = True
        except StoreError as error:
            log.warning("run %s: no heartbeat (%s); training goes on", self._claim.run_id, error)
