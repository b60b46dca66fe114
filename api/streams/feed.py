"""Events as they happen: one poller of the database per process, any number of subscribers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from store import events
from store.database.engine import Database, Session
from store.database.records import Event
from store.errors import StoreError

POLL_SECONDS = 0.3
OUTAGE_SECONDS = 2.0
QUEUE_SIZE = 512
BATCH = 500
THREADS = 8
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(eq=False)
class Subscription:
    """A subscriber's bounded queue; None in it says that the service stops.

    Where a subscriber is too slow, `overflowed` tells it to read on from the database.
    """

    job: str | None
    run: str | None
    queue: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))
    overflowed: bool = False

    def wants(self, event: Event) -> bool:
        """Whether the event is of the job and run asked for."""
        return self.job in (None, event.job_id) and self.run in (None, event.run_id)

    def offer(self, event: Event | None) -> None:
        """Put an event into the queue, or note that there was no room."""
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.overflowed = True


class Feed:
    """Reads new events once for all subscribers."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._position = 0
        self._subscribers: set[Subscription] = set()
        self._starting = asyncio.Lock()
        self._limiter = CapacityLimiter(THREADS)
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    def start(self) -> None:
        """Begin to poll, in the running event loop."""
        self._task = asyncio.create_task(self._poll_forever(), name="event feed")

    def close(self) -> None:
        """End all streams, so that a server that stops need not wait for them."""
        self.closed = True
        for subscriber in self._subscribers:
            if subscriber.queue.full():
                subscriber.queue.get_nowait()
            subscriber.offer(None)

    async def stop(self) -> None:
        """End the poller."""
        self.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @asynccontextmanager
    async def subscribe(self, *, job: str | None, run: str | None) -> AsyncIterator[Subscription]:
        """Receive every event that is written from now on.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        subscription = Subscription(job, run)
        async with self._starting:
            if not self._subscribers:
                self._position = (await self.bounds())[1]
            self._subscribers.add(subscription)
        try:
            if self.closed:
                subscription.offer(None)
            yield subscription
        finally:
            self._subscribers.discard(subscription)

    async def bounds(self) -> tuple[int, int]:
        """(oldest, latest) id in the log."""
        return await self.in_thread(partial(self._ask, events.bounds))

    async def read(
        self, after: int, *, job: str | None = None, run: str | None = None, limit: int = BATCH
    ) -> list[Event]:
        """The events that follow an id."""
        return await self.in_thread(
            partial(self._ask, partial(events.after, event_id=after, job=job, run=run, limit=limit))
        )

    def _ask(self, question: Callable[[Session], T]) -> T:
        with self._db.read() as session:
            return question(session)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do blocking work for a stream in one of the feed's threads: the handlers' may all be busy."""
        return await run_sync(work, limiter=self._limiter)

    async def _poll_forever(self) -> None:
        while not self.closed:
            try:
                await asyncio.sleep(POLL_SECONDS)
                while self._subscribers and await self._poll() == BATCH:
                    pass
            except StoreError as error:
                log.warning("no events: %s", error)
                await asyncio.sleep(OUTAGE_SECONDS)

    async def _poll(self) -> int:
        async with self._starting:
            batch = await self.read(self._position)
            if batch:
                self._position = batch[-1].id
        for event in batch:
            for subscriber in self._subscribers:
                if subscriber.wants(event):
                    subscriber.offer(event)
        return len(batch)
