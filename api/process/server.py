"""The HTTP server: uvicorn that waits neither for the head of a request nor, when it stops, for open streams."""

import asyncio
import contextlib
import resource
import socket
from typing import cast

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.late import load_behind
from api.middleware.lingering import LingeringTransport
from api.middleware.security import SECURITY_HEADERS
from api.problems import Problem

GRACE_SECONDS = 5
OPEN_FILES = 65_536
DRAIN_BYTES = 64 * 1024 * 1024
"""What is read and thrown away of a body after its answer: ordinary clients send all of it before they listen."""


class Connection(H11Protocol):
    """A connection that must bring each request's head in time and is answered in problem documents.

    The time counts from the beginning, or from the answer before, so that what trickles in does not stretch it.
    """

    _head_due: asyncio.TimerHandle | None = None
    _drained_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The client is there."""
        self._lingering = LingeringTransport(transport, linger=self._linger)
        super().connection_made(cast(asyncio.Transport, self._lingering))
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """More has arrived; what belongs to a request that is answered already is thrown away."""
        if self._lingering.lingering or self.conn.our_state is h11.DONE:
            self._drained_bytes += len(data)
            if self._drained_bytes > DRAIN_BYTES:
                self._lingering.abort()
                return
        if not self._lingering.lingering:
            super().data_received(data)

    def _linger(self) -> bool:
        """Whether the client is still sending; it has as long as for a request's head."""
        self._await_head()
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _await_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
        self._head_due = self.loop.call_later(self.timeout_keep_alive, self._head_is_late)

    def handle_events(self) -> None:
        """Something has arrived."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._drained_bytes = 0
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """The answer is out."""
        self._await_head()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()

    def _head_is_late(self) -> None:
        begun = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
        late = f"the request has not arrived within {self.timeout_keep_alive:g} s (LPL_BODY_SECONDS)"
        self._refuse(Problem(408, late)) if begun else self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(Problem(400, "this is not a valid HTTP request"))

    def _refuse(self, problem: Problem) -> None:
        """Answer, unless an answer has begun, and close."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problem.response()
            own = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
            headers = [*answer.raw_headers, *own, (b"connection", b"close")]
            parts = (h11.Response(status_code=answer.status_code, headers=headers), h11.Data(data=bytes(answer.body)))
            for part in (*parts, h11.EndOfMessage()):
                self.transport.write(self.conn.send(part) or b"")
        self.transport.close()


class ApiServer(uvicorn.Server):
    """Serves the application on sockets that are bound already: `ApiServer(app).run(sockets=[bound])`."""

    def __init__(self, app: FastAPI, *, log_level: str = "info") -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            log_level=log_level,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=app.state.service.settings.body_seconds,
            timeout_graceful_shutdown=GRACE_SECONDS,
            lifespan="on",
        )
        super().__init__(config)
        self._feed = app.state.service.feed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer, and load behind the answers what takes long."""
        await super().startup(sockets)
        load_behind()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, streams first."""
        self._feed.close()
        await super().shutdown(sockets)


def allow_many_connections() -> None:
    """Raise this process's limit of open files as far as it may: every follower of events holds one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
