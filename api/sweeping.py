"""Housekeeping beside the requests: runs of silent workers, what no message points to, content nobody needs."""

import logging

from api.background import Background
from store import audit, checkpoints, deletion, uploads
from store.database.engine import Database
from store.doorbell import Doorbell
from store.errors import StoreError
from store.lifecycle import sweeper
from store.settings import Settings

PIECES = 64
"""Transactions per round for content that nobody needs."""
DAY_SECONDS = 86_400
log = logging.getLogger(__name__)


class Sweeping(Background):
    """Sweeps in a thread of its own for as long as the context lasts."""

    def __init__(self, settings: Settings, db: Database, doorbell: Doorbell) -> None:
        self._settings, self._db, self._doorbell = settings, db, doorbell
        super().__init__(self._sweep_forever, name="sweep", stop_seconds=10)

    def _sweep_forever(self) -> None:
        while not self.stopping.wait(self._settings.sweep_seconds):
            try:
                self._sweep()
            except StoreError as error:
                log.warning("no sweep: %s", error)
            except Exception:
                log.exception("a sweep failed")

    def _sweep(self) -> None:
        seconds = self._settings.sweep_seconds
        result = sweeper.sweep(self._db, lease_seconds=self._settings.lease_seconds, sweep_seconds=seconds)
        if result.waiting:
            self._doorbell.ring()
        audit.forget(self._db, older_than_seconds=self._settings.audit_days * DAY_SECONDS)
        deletion.erase_deleted(self._db)
        uploads.sweep(self._db, self._settings.datasets_dir)
        if self._db.reserve is not None:
            self._db.reserve.fill()
        for _ in range(PIECES):
            if self.stopping.is_set() or not checkpoints.sweep_superseded(self._db):
                return
