"""The audit log: who asked for what that may change something."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import anyio
import anyio.to_thread
from anyio import CapacityLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.security import SAFE_METHODS
from store import audit
from store.audit import Line
from store.database.engine import Database
from store.database.records import ApiKey
from store.errors import StoreError

UNSEEN = ("/v1/jobs/validate", "/v1/bounds")
"""Addresses that take a body and change nothing."""
REFUSALS_PER_MINUTE = 20
MAX_PENDING = 10_000
"""Lines that may wait for the database."""
CLOSE_SECONDS = 5.0
log = logging.getLogger(__name__)


class Refusals:
    """At most `per_minute` refusals go into the log; the others are counted by status.

    Being refused costs a stranger nothing, so that without a limit anybody could fill the database.
    """

    def __init__(self, per_minute: int = REFUSALS_PER_MINUTE, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._began, self._let_in, self._more = clock(), 0, Counter[int]()

    def admits(self, line: Line) -> bool:
        """Whether a line goes into the log; a key's own refusals do, but for those beyond its rate."""
        if line.status < 400 or (line.key_id is not None and line.status != 429):
            return True
        if self._let_in < self._per_minute:
            self._let_in += 1
            return True
        self._more[line.status] += 1
        return False

    def summary(self, *, at_once: bool = False) -> list[Line]:
        """What was only counted, once its minute is over."""
        if not at_once and self._clock() - self._began < 60:
            return []
        lines = [Line(method="*", path=f"({n} more refused)", status=status) for status, n in self._more.items()]
        self._began, self._let_in, self._more = self._clock(), 0, Counter()
        return lines


class AuditLog:
    """Writes lines one transaction after another; those that come meanwhile share the next.

    It has one thread of its own: while the database is busy neither other requests nor the thread pool wait for it.
    """

    def __init__(self, db: Database, *, refusals: Refusals | None = None) -> None:
        self._db, self._refusals = db, refusals or Refusals()
        self._pending: list[Line] = []
        self._turn, self._thread = asyncio.Lock(), CapacityLimiter(1)

    async def note(self, line: Line | None) -> None:
        """Write a line, if there is one, and whatever else is due."""
        if line is not None and self._refusals.admits(line):
            self._pending.append(line)
        self._pending += self._refusals.summary()
        if len(self._pending) > MAX_PENDING:
            give_up(self._pending[MAX_PENDING:], "too many wait for the database")
            del self._pending[MAX_PENDING:]
        if self._pending:
            await self._write_pending()

    async def close(self) -> None:
        """Write what is left, as far as the database takes it in time."""
        self._pending += self._refusals.summary(at_once=True)
        with anyio.move_on_after(CLOSE_SECONDS):
            await self._write_pending()

    async def _write_pending(self) -> None:
        async with self._turn:
            lines, self._pending = self._pending, []
            if lines:
                await anyio.to_thread.run_sync(self._write, lines, limiter=self._thread, abandon_on_cancel=True)

    def _write(self, lines: Sequence[Line]) -> None:
        try:
            self._db.write(partial(audit.record, lines=lines))
        except StoreError as error:
            give_up(lines, str(error))


def give_up(lines: Sequence[Line], reason: str) -> None:
    """Leave lines to the process's own log."""
    for line in lines:
        log.warning("not in the audit log: %s %r -> %d (%s)", line.method, line.path[:200], line.status, reason)


class Audit:
    """ASGI middleware: notes every request that may change something, with its key, address and outcome."""

    def __init__(self, app: ASGIApp, *, audit_log: AuditLog) -> None:
        self.app, self._log = app, audit_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, location = 500, None

        async def with_outcome(message: Message) -> None:
            nonlocal status, location
            if message["type"] == "http.response.start":
                status, location = message["status"], Headers(raw=message["headers"]).get("location")
            await send(message)

        try:
            await self.app(scope, receive, with_outcome)
        finally:
            changes = scope["method"] not in SAFE_METHODS and scope["path"] not in UNSEEN
            line = line_of(scope, status, location) if changes else None
            try:
                await self._log.note(line)
            except asyncio.CancelledError:
                give_up([line] if line else [], "the service stops")


def line_of(scope: Scope, status: int, location: str | None) -> Line:
    """A request's line; what it made stands in it by its own address, so that a job's line names the job."""
    key: ApiKey | None = scope.get("state", {}).get("key")
    client = scope.get("client")
    return Line(
        method=scope["method"],
        path=location if status == 201 and location else scope["path"],
        status=status,
        key_id=None if key is None else key.id,
        key_name=None if key is None else key.name,
        address=client[0] if client else None,
    )
