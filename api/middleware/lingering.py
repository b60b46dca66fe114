"""Closing a connection whose client is still sending: it hears the answer first."""

import asyncio
from collections.abc import Callable
from typing import Any


class LingeringTransport:
    """A transport that, asked to close while a request's body arrives, ends its own side and goes on reading.

    A socket closed with unread data resets the connection, and the client loses the answer that is on its way.

    Args:
        linger: asked at the first `close`; true where there is something to read on. The second `close` closes.
    """

    def __init__(self, transport: asyncio.Transport, *, linger: Callable[[], bool]) -> None:
        self._transport, self._linger = transport, linger
        self.lingering = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self.lingering or self._transport.is_closing()

    def close(self) -> None:
        """Close, now or when the client has had its answer."""
        if self.is_closing() or not self._linger():
            self._transport.close()
            return
        self.lingering = True
        self._transport.write_eof()
        self._transport.resume_reading()
