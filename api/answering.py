"""Works out what studies that have ended have found, in one process at a time."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from api.background import Background
from api.late import late
from store import studies
from store.database.engine import Database
from store.errors import StoreError
from store.leases import Lease
from store.settings import Settings

if TYPE_CHECKING:
    from api.services.studies import makers
else:
    makers = late("api.services.studies.makers")

POLL_SECONDS = 1.0
LEASE_NAME = "studies"
log = logging.getLogger(__name__)


class Answering(Background):
    """Answers in a thread of its own for as long as the context lasts.

    An answer is written where its study is still as it was read; its end is told to webhooks with it. One that cannot
    be worked out is written as such, so that nobody waits for it.
    """

    def __init__(self, settings: Settings, db: Database, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._db, self._poll_seconds = db, poll_seconds
        self._lease = Lease(db, LEASE_NAME, seconds=settings.lease_seconds)
        super().__init__(self._answer_until_stopped, name="studies", stop_seconds=10)

    def _answer_until_stopped(self) -> None:
        while not self.stopping.wait(self._poll_seconds):
            try:
                self._round()
            except StoreError as error:
                log.warning("no answers of studies: %s", error)
            except Exception:
                log.exception("studies could not be looked after")

    def _round(self) -> None:
        """Answer the studies that are due; the lease is asked for only where there are any."""
        with self._db.read() as session:
            due = studies.unanswered(session)
        if not due or not self._lease.held():
            return
        try:
            for study_id in due:
                if self.stopping.is_set() or not self._lease.held():
                    return
                self._answer(study_id)
        finally:
            self._lease.release()

    def _answer(self, study_id: str) -> None:
        with self._db.read() as session:
            study = studies.get(session, study_id)
            try:
                answer = makers.answer_of(session, study)
            except StoreError:
                raise
            except Exception as error:
                log.exception("study %s has no answer", study_id)
                answer = {"text": f"The answer could not be worked out: {type(error).__name__}; the log has more."}
        self._db.write(partial(studies.write_answer, study=study, answer=answer))
