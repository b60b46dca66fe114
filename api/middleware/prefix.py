"""The path below which a proxy serves this service, taken off requests and put before the addresses of answers."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def prefix_of(public_url: str | None) -> str:
    """The path of the public address, without a slash at its end; empty where there is none."""
    return urlsplit(public_url or "").path.rstrip("/")


class Prefix:
    """ASGI middleware: serves requests whose proxy takes the prefix off and those whose proxy leaves it."""

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self.app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == self._prefix:  # relative addresses of the page need the slash
            await RedirectResponse(f"{self._prefix}/")(scope, receive, send)
            return

        async def with_prefix(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(message)
            await send(message)

        await self.app(self._within(scope), receive, with_prefix)

    def _within(self, scope: Scope) -> Scope:
        """The request as the service's own addresses are."""
        if not scope["path"].startswith(f"{self._prefix}/"):
            return scope
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        within = raw.removeprefix(self._prefix.encode())
        return {**scope, "path": scope["path"].removeprefix(self._prefix), "raw_path": within}

    def _complete(self, message: MutableMapping[str, Any]) -> None:
        """Let a Location name the resource where the browser finds it."""
        headers = MutableHeaders(raw=message["headers"])
        location = headers.get("location", "")
        if location.startswith("/"):
            headers["location"] = self._prefix + location
        message["headers"] = headers.raw
