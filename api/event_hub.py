"""Server-sent events: one reader of the database's event log per process, however many streams are open."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi.concurrency import run_in_threadpool

from store import events
from store.database import Database
from store.errors import StoreError
from store.records import Event

POLL_SECONDS = 0.25
BATCH = 500
QUEUE_LENGTH = 2_000
log = logging.getLogger(__name__)


@dataclass(eq=False)
class Subscription:
    """One open stream: which events it wants, and those it has not sent yet (None: it fell behind or all ends)."""

    job: str | None
    run: str | None
    waiting: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH + 1))

    def wants(self, event: Event) -> bool:
        """Whether the event belongs to this stream; a run's stream also hears its job's end."""
        if self.run is not None:
            return event.run_id == self.run or (event.kind == "end" and event.job_id == self.job)
        return self.job is None or event.job_id == self.job


class EventHub:
    """Hands events on to subscriptions."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._subscriptions: set[Subscription] = set()
        self._awake = asyncio.Event()
        self._last = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start reading; needs a running loop."""
        self._task = asyncio.create_task(self._read_forever())

    async def stop(self) -> None:
        """End all streams."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for subscription in self._subscriptions:
            self._offer(subscription, None)

    async def stream(self, *, job: str | None, run: str | None, after: int | None) -> AsyncIterator[Event | None]:
        """Events after an id (None: from now on), then live ones; ends with None where the stream fell behind."""
        subscription = Subscription(job, run)
        start = (await run_in_threadpool(events.bounds, self._db))[1] if after is None else after
        if not self._subscriptions:
            self._last = (await run_in_threadpool(events.bounds, self._db))[1]
        self._subscriptions.add(subscription)
        self._awake.set()
        try:
            async for event in self._backlog(subscription, start):
                start = event.id
                yield event
            while (live := await subscription.waiting.get()) is not None:
                if live.id > start:
                    yield live
            yield None
        finally:
            self._subscriptions.discard(subscription)

    async def _backlog(self, subscription: Subscription, after: int) -> AsyncIterator[Event]:
        """What the log has beyond an id."""
        while True:
            # A run's stream also hears its job's end, so the job's whole log is read.
            batch = await run_in_threadpool(events.after, self._db, after, job=subscription.job, limit=BATCH)
            for event in batch:
                if subscription.wants(event):
                    yield event
            if len(batch) < BATCH:
                return
            after = batch[-1].id

    async def _read_forever(self) -> None:
        while True:
            if not self._subscriptions:
                self._awake.clear()
                await self._awake.wait()
            try:
                batch = await run_in_threadpool(events.after, self._db, self._last, limit=BATCH)
            except StoreError as error:
                log.warning("event streams wait: %s", error)
                await asyncio.sleep(2)
                continue
            for event in batch:
                self._last = event.id
                for subscription in list(self._subscriptions):
                    if subscription.wants(event):
                        self._offer(subscription, event)
            if len(batch) < BATCH:
                await asyncio.sleep(POLL_SECONDS)

    def _offer(self, subscription: Subscription, event: Event | None) -> None:
        if event is not None and subscription.waiting.qsize() >= QUEUE_LENGTH:
            event = None
        with contextlib.suppress(asyncio.QueueFull):
            subscription.waiting.put_nowait(event)
        if event is None:
            self._subscriptions.discard(subscription)
