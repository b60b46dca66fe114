"""Server-sent events: what was, then what happens, without a gap or a repetition."""

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.streams.feed import BATCH, Feed, Subscription
from store import jobs
from store.database.engine import Database
from store.database.records import Event
from store.errors import NotFound, StoreError
from store.lifecycle import runs
from store.lifecycle.states import ENDED, State

KEEPALIVE_SECONDS = 5.0
"""Silence after which a comment shows that the stream lives, and time after which its key is looked at again."""
MAX_ID = 2**63 - 1
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
log = logging.getLogger(__name__)


class EventStream(StreamingResponse):
    """A stream of events."""

    media_type = "text/event-stream"


class Follower:
    """Follows one job, one run or everything.

    Args:
        after: the last id that the client has seen. None: from the beginning of the job or run, and from now on where
            everything is followed. Negative: an id that never was.
        bounds: (oldest, latest) id in the log when the client asked.
        admitted: whether the client's key still holds; asked in a thread. The stream ends where it does not.
    """

    def __init__(
        self,
        db: Database,
        feed: Feed,
        *,
        job: str | None,
        run: str | None,
        after: int | None,
        bounds: tuple[int, int],
        admitted: Callable[[], bool],
    ) -> None:
        self._db, self._feed = db, feed
        self._job, self._run = job, run
        self._over, self._state = False, ""
        self._admitted, self._asked_at = admitted, time.monotonic()
        self._position, self._unknown = self._start(after, bounds)

    async def stream(self) -> AsyncIterator[bytes]:
        """The events in the wire format; ends with the job or run, with the key, or when the service stops."""
        try:
            async with self._feed.subscribe(job=self._job, run=self._run) as subscription:
                if self._unknown:
                    yield message("reset", {"after": self._position}, self._position)
                while not self._over:
                    async for piece in self._backlog(subscription):
                        yield piece
                    async for piece in self._live(subscription):
                        yield piece
        except StoreError as error:
            log.warning("an event stream ends: %s", error)  # the client comes back with the last id it has

    def _start(self, after: int | None, bounds: tuple[int, int]) -> tuple[int, bool]:
        """(id to start after, whether the client must read again because the id it has is not in the log)."""
        oldest, latest = bounds
        if after is None:
            return (latest if self._job is None and self._run is None else 0), False
        in_log = after == 0 or oldest - 1 <= after <= latest
        return (after, False) if in_log else (latest, True)

    async def _backlog(self, subscription: Subscription) -> AsyncIterator[bytes]:
        """What the database has beyond the position."""
        subscription.overflowed = False
        while await self._goes_on():
            batch = await self._feed.read(self._position, job=self._job, run=self._run)
            for event in batch:
                async for piece in self._deliver(event):
                    yield piece
            if len(batch) < BATCH:
                break
        if not self._over and await self._ended():
            yield self._end()

    async def _live(self, subscription: Subscription) -> AsyncIterator[bytes]:
        """What happens, until the end or until the subscriber was too slow."""
        while await self._goes_on() and not (subscription.overflowed and subscription.queue.empty()):
            try:
                event = await asyncio.wait_for(subscription.queue.get(), KEEPALIVE_SECONDS)
            except TimeoutError:
                yield KEEPALIVE_COMMENT
                continue
            if event is None:
                self._over = True
            elif event.id > self._position:
                async for piece in self._deliver(event):
                    yield piece

    async def _goes_on(self) -> bool:
        """Whether there is more to say and the client may still hear it, which is asked now and then."""
        if not self._over and time.monotonic() - self._asked_at > KEEPALIVE_SECONDS:
            self._asked_at = time.monotonic()
            try:
                self._over = not await self._feed.in_thread(self._admitted)
            except StoreError as error:
                log.debug("a stream's key cannot be looked at: %s", error)  # nor is there anything to send meanwhile
        return not self._over

    async def _deliver(self, event: Event) -> AsyncIterator[bytes]:
        """One event, and the end where it is the last of what is followed.

        A run's ended state is its last event. A job that was retried has more than one `end` in the log: its stream
        has the last one only.
        """
        if self._over:
            return
        self._position = event.id
        last_of_job = event.kind == "end" and self._job is not None and self._run is None
        if not last_of_job:
            yield message(event.kind, with_job(event), event.id)
        last_of_run = self._run is not None and event.kind == "state" and event.data.get("state") in ENDED
        if (last_of_job or last_of_run) and await self._ended():
            yield self._end()

    def _end(self) -> bytes:
        self._over = True
        return message("end", {"job": self._job, "run": self._run, "state": self._state}, self._position)

    async def _ended(self) -> bool:
        """Whether what is followed has ended and the log has nothing more of it than what was delivered."""
        self._state = await run_in_threadpool(self._current_state)
        return self._state in ENDED and not await self._feed.read(self._position, job=self._job, run=self._run, limit=1)

    def _current_state(self) -> str:
        try:
            with self._db.read() as session:
                if self._run is not None:
                    return runs.get(session, self._run).state
                return jobs.get(session, self._job).state if self._job is not None else ""
        except NotFound:
            return State.CANCELLED  # deleted meanwhile: there will be nothing more


def message(kind: str, data: dict[str, Any], event_id: int) -> bytes:
    """One event in the wire format."""
    return format_sse_event(event=kind, data_str=json.dumps(finite(data)), id=str(event_id))


def with_job(event: Event) -> dict[str, Any]:
    """The event's data with its job, by which who follows everything tells jobs apart."""
    return {"job": event.job_id, **event.data} if event.job_id is not None else event.data


def finite(value: Any) -> Any:
    """The value with null in place of numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    return [finite(part) for part in value] if isinstance(value, list) else value


def last_event_id(header: str | None, after: int | None) -> int | None:
    """The id to go on from: the header, which a browser sends when it comes back, before the parameter."""
    if header is None or not header.strip():
        return after
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_ID:
        return int(text)
    return -1
