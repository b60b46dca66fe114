"""The driver of searches: of all API processes the one that holds the lease decides what they do next."""

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from api.background import Background
from api.late import late
from store import leases, searches
from store.database.engine import Database, Session
from store.doorbell import Doorbell
from store.errors import Conflict, NotFound, QuotaExceeded, StoreError
from store.leases import Lease
from store.settings import Settings

if TYPE_CHECKING:
    from api.services import search_steps
else:  # it loads lplcore
    search_steps = late("api.services.search_steps")

LEASE_NAME = "searches"
POLL_SECONDS = 1.0
PAUSE_SECONDS = (1.0, 60.0)
"""First and longest pause of a search that could not be looked after."""
log = logging.getLogger(__name__)


@dataclass
class Failing:
    """A search that could not be looked after: when it is tried again."""

    pause_seconds: float
    due_at: float


class Searching(Background):
    """Drives searches in a thread of its own for as long as the context lasts.

    What a search does next follows from its trials alone. It is worked out on a snapshot and carried out in one
    transaction, which renews the lease and sees that the trials still stand as they did: nothing is asked, promoted or
    ended twice, whoever dies at which moment and however many processes try.
    """

    def __init__(
        self, settings: Settings, db: Database, doorbell: Doorbell, *, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._settings, self._db, self._doorbell = settings, db, doorbell
        self._lease = Lease(db, LEASE_NAME, seconds=settings.lease_seconds)
        self._poll_seconds = poll_seconds
        self._settled: dict[str, int] = {}
        self._failing: dict[str, Failing] = {}
        super().__init__(self._drive_forever, name="searches", stop_seconds=10)

    def _drive_forever(self) -> None:
        while not self.stopping.wait(self._poll_seconds):
            try:
                self._round()
            except StoreError as error:
                log.warning("no searches: %s", error)
            except Exception:
                log.exception("searches could not be looked after")
        self._give_back()

    def _round(self) -> None:
        """Let every search that has changed, and whose turn it is, take its next step."""
        with self._db.read() as session:
            if leases.held_by_another(session, LEASE_NAME, self._lease.holder):
                return
            versions = searches.open_searches(session)
        self._settled = {job_id: version for job_id, version in self._settled.items() if job_id in versions}
        self._failing = {job_id: failing for job_id, failing in self._failing.items() if job_id in versions}
        for job_id, version in versions.items():
            if self.stopping.is_set():
                return
            if self._settled.get(job_id) != version and self._is_due(job_id):
                self._look_after(job_id, version)

    def _is_due(self, job_id: str) -> bool:
        return job_id not in self._failing or time.monotonic() >= self._failing[job_id].due_at

    def _look_after(self, job_id: str, version: int) -> None:
        """One step of a search; whatever goes wrong keeps no other waiting."""
        try:
            if self._step(job_id):
                self._settled[job_id] = version
            self._failing.pop(job_id, None)
        except (Conflict, NotFound, QuotaExceeded) as change:
            log.info("search %s has changed meanwhile: %s", job_id, change)
        except Exception as error:
            self._note_failure(job_id, error)

    def _note_failure(self, job_id: str, error: Exception) -> None:
        """Try a search again later; the stack is told once."""
        first, longest = PAUSE_SECONDS
        before = self._failing.get(job_id)
        pause = first if before is None else min(2 * before.pause_seconds, longest)
        self._failing[job_id] = Failing(pause, time.monotonic() + pause)
        unexpected = before is None and not isinstance(error, StoreError)
        log.warning("search %s waits %g s: %s", job_id, pause, error or type(error).__name__, exc_info=unexpected)

    def _step(self, job_id: str) -> bool:
        """Work out what a search does next, and do it; whether nothing is left to do until its trials change."""
        following = search_steps.next_of(self._db, self._settings, job_id)
        if following.refused is None and following.step.nothing:
            return not following.full
        if following.refused is not None:
            log.warning("search %s ends: %s", job_id, following.refused)
        if self._db.write(partial(self._carry_out, job_id=job_id, following=following)):
            self._doorbell.ring(len(following.step.ask) + len(following.step.promote))
        return False

    def _carry_out(self, session: Session, job_id: str, following: "search_steps.Next") -> bool:
        """Carry it out in one transaction, as the holder of the lease; false where it must be worked out anew."""
        mine = {"name": LEASE_NAME, "holder": self._lease.holder, "seconds": self._lease.seconds}
        if not leases.take(session, **mine):
            return False
        if following.refused is not None:
            return searches.give_up(session, job_id, message=following.refused)
        limit = self._settings.max_queued_runs
        return searches.apply(session, job_id, following.step, version=following.version, max_queued=limit)

    def _give_back(self) -> None:
        """Let another process go on at once."""
        try:
            self._lease.release()
        except StoreError as error:
            log.info("the lease on searches runs out by itself: %s", error)
