"""Sends what is due to webhooks, in one process at a time; a silent endpoint keeps only its own deliveries waiting."""

import asyncio
import logging
import ssl
import time
from functools import cache, partial

from api.background import Background
from api.webhooks.addresses import Addresses
from api.webhooks.bodies import body_of
from api.webhooks.sending import Trust, deliver
from store import deliveries
from store.database.engine import Database
from store.deliveries import Due, Outcome
from store.errors import NotFound, StoreError
from store.leases import Lease
from store.webhook_events import DeliveryState

POLL_SECONDS = 1.0
OUTAGE_SECONDS = 10.0
STOP_SECONDS = 6.0
"""Longer than an attempt takes: what is under way is written down, or it would be sent again."""
LEASE_NAME = "webhooks"
KEPT_SECONDS = 30 * 86_400.0
"""How long deliveries that are over are listed."""
FORGET_EVERY_SECONDS = 3_600.0
log = logging.getLogger(__name__)


@cache
def usual_trust() -> ssl.SSLContext:
    """The machine's authorities (SSL_CERT_FILE names others); loaded with the first delivery that needs them."""
    return ssl.create_default_context()


class Delivering(Background):
    """Delivers in a thread of its own for as long as the context lasts.

    While one process holds the lease, those of all others only look. Each webhook with something due has a task, which
    sends one delivery after another: none waits for another's endpoint.

    Args:
        lease_seconds: time after which another process goes on for one that has died.
    """

    def __init__(
        self,
        db: Database,
        addresses: Addresses,
        *,
        lease_seconds: float,
        trust: Trust = usual_trust,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._db, self._addresses, self._trust, self._poll_seconds = db, addresses, trust, poll_seconds
        self._lease = Lease(db, LEASE_NAME, seconds=lease_seconds)
        self._renew_at = self._mine_until = self._forget_at = 0.0
        self._turns: dict[str, asyncio.Task[None]] = {}
        super().__init__(self._run, name="webhooks", stop_seconds=STOP_SECONDS + 4)

    def _run(self) -> None:
        asyncio.run(self._deliver_until_stopped())

    async def _deliver_until_stopped(self) -> None:
        pause = self._poll_seconds
        while not await asyncio.to_thread(self.stopping.wait, pause):
            pause = OUTAGE_SECONDS
            try:
                await self._round()
                pause = self._poll_seconds
            except StoreError as error:
                log.warning("no webhooks: %s", error)
            except Exception:
                log.exception("webhooks could not be looked after")
        await self._finish()

    async def _round(self) -> None:
        """Begin a turn of every webhook that has something due and none under way."""
        self._turns = {webhook_id: turn for webhook_id, turn in self._turns.items() if not turn.done()}
        for webhook_id in await asyncio.to_thread(self._due):
            if webhook_id not in self._turns:
                self._turns[webhook_id] = asyncio.create_task(self._turn(webhook_id))

    def _due(self) -> list[str]:
        """The webhooks that this process is to serve now. It asks for the lease only where there is something to do."""
        with self._db.read() as session:
            due = deliveries.due_webhooks(session)
        return due if (due or self._turns) and self._is_mine() else []

    def _is_mine(self) -> bool:
        """Whether this process holds the lease, renewed in time."""
        now = time.monotonic()
        if now >= self._renew_at:
            if not self._lease.held():
                self._mine_until = 0.0
                return False
            self._renew_at, self._mine_until = now + self._lease.seconds / 3, now + self._lease.seconds
            self._forget(now)
        return self._still_mine()

    def _still_mine(self) -> bool:
        return time.monotonic() < self._mine_until

    def _forget(self, now: float) -> None:
        if now >= self._forget_at:
            self._forget_at = now + FORGET_EVERY_SECONDS
            deliveries.forget(self._db, older_than_seconds=KEPT_SECONDS)

    async def _turn(self, webhook_id: str) -> None:
        """Send a webhook what is due, one delivery after another."""
        try:
            while not self.stopping.is_set() and self._still_mine():
                due = await asyncio.to_thread(self._next, webhook_id)
                if due is None:
                    return
                outcome = await self._attempt(due)
                await asyncio.to_thread(self._record, due, outcome)
        except StoreError as error:
            log.warning("webhook %s waits: %s", webhook_id, error)
        except Exception:
            log.exception("webhook %s could not be served", webhook_id)

    def _next(self, webhook_id: str) -> Due | None:
        with self._db.read() as session:
            return deliveries.next_due(session, webhook_id)

    async def _attempt(self, due: Due) -> Outcome:
        """Send a delivery; how it went."""
        try:
            body = await asyncio.to_thread(self._body, due)
        except NotFound:
            return Outcome(message="what it is about has been deleted", final=True)
        return await deliver(due, body, self._addresses, self._trust)

    def _body(self, due: Due) -> bytes:
        with self._db.read() as session:
            return body_of(session, due)

    def _record(self, due: Due, outcome: Outcome) -> None:
        """Write an attempt down, and say where it was the last in vain."""
        state = self._db.write(partial(deliveries.record_attempt, due=due, outcome=outcome))
        if state == DeliveryState.GIVEN_UP:
            told = (due.id, due.webhook_id, due.attempts + 1, outcome.message)
            log.warning("delivery %s to webhook %s is given up after %d attempts: %s", *told)

    async def _finish(self) -> None:
        """Let what is under way come to its end, and another process go on."""
        if self._turns:
            await asyncio.wait(self._turns.values(), timeout=STOP_SECONDS)
        for turn in self._turns.values():
            turn.cancel()
        if self._still_mine():
            try:
                await asyncio.to_thread(self._lease.release)
            except StoreError as error:
                log.warning("the lease on webhooks is left to run out: %s", error)
