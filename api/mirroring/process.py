"""The mirror beside the requests: of all API processes the one that holds the lease tells the tracking server."""

import hashlib
import logging
import math
import time
from functools import partial
from typing import TYPE_CHECKING

from api.background import Background
from api.late import late
from api.mirroring.outage import Outage
from api.mirroring.refusals import ServerAway
from store import mirrors
from store.database.engine import Database
from store.errors import StoreError
from store.leases import Lease
from store.mirrors import News
from store.settings import Settings

if TYPE_CHECKING:
    from api.mirroring import delivery, tracking
else:  # they load an HTTP client, which few need
    delivery, tracking = late("api.mirroring.delivery"), late("api.mirroring.tracking")

LEASE_SECONDS, POLL_SECONDS, FIRST_PAUSE_SECONDS = 60.0, 2.0, 1.0
log = logging.getLogger(__name__)


class Stopped(Exception):
    """This process must not go on: it ends, or another one mirrors."""


class Mirroring(Background):
    """Mirrors in a thread of its own for as long as the context lasts, where the settings name a server.

    Its memory is bounded by one part of the event log. Nothing waits for it.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        *,
        lease_seconds: float = LEASE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._db, self._url = db, settings.mlflow_url
        self._token = None if settings.mlflow_token is None else settings.mlflow_token.get_secret_value()
        self._lease = Lease(db, mirrors.LEASE, seconds=lease_seconds)
        self._name = f"mlflow_{hashlib.sha256((self._url or '').encode()).hexdigest()[:32]}"
        self._poll_seconds = poll_seconds
        self._outage = Outage(f"MLflow at {self._url}", first_pause_seconds=first_pause_seconds)
        self._position: int | None = None
        self._renewed_at = -math.inf
        super().__init__(self._mirror_forever, name="mirror", stop_seconds=5, wanted=self._url is not None)

    def _mirror_forever(self) -> None:
        try:
            with tracking.TrackingServer(str(self._url), self._token) as server:
                telling = delivery.Delivery(server, self._go_on)
                while not self.stopping.wait(self._outage.pause_seconds(self._poll_seconds)):
                    self._try(telling)
            self._give_back()
        except Exception:
            log.exception("nothing is mirrored to MLflow until the service is started again")

    def _try(self, telling: "delivery.Delivery") -> None:
        """Tell what is new; whatever goes wrong is tried again, and logged when it begins and ends."""
        try:
            if self._hold():
                self._tell(telling)
            else:
                self._position = None  # another process moves it
            self._outage.over()
        except Stopped:
            self._position = None
        except (ServerAway, StoreError) as error:
            self._outage.failed(error)
        except Exception as error:
            self._outage.failed(f"mirroring failed ({type(error).__name__})", trace=True)

    def _tell(self, telling: "delivery.Delivery") -> None:
        more = True
        while more:
            news = self._news()
            if news.runs:
                self._keep(news, telling.deliver(news))
            self._position, more = news.position, news.more

    def _news(self) -> News:
        with self._db.read() as session:
            if self._position is None:
                self._position = mirrors.position(session, self._name)
            return mirrors.news(session, self._name, after=self._position)

    def _keep(self, news: News, remote_ids: dict[str, str]) -> None:
        """Note what has been told.

        Raises:
            Stopped: another process mirrors by now, and notes what it has told.
        """
        work = partial(mirrors.advance, mirror=self._name, position=news.position, remote_ids=remote_ids)
        if not self._db.write(partial(work, holder=self._lease.holder, seconds=self._lease.seconds)):
            raise Stopped
        self._renewed_at = time.monotonic()

    def _hold(self) -> bool:
        """Whether this process has the lease, which is renewed after a third of its time."""
        now = time.monotonic()
        if now - self._renewed_at < self._lease.seconds / 3:
            return True
        held = self._lease.held()
        self._renewed_at = now if held else -math.inf
        return held

    def _go_on(self) -> None:
        """See that this process may send another request.

        Raises:
            Stopped: it ends, or another one has the lease.
        """
        if self.stopping.is_set() or not self._hold():
            raise Stopped

    def _give_back(self) -> None:
        """Let another process go on at once."""
        try:
            self._lease.release()
        except StoreError as error:
            log.info("the mirror's lease runs out by itself: %s", error)
