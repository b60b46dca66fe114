"""Who may ask: host names, origins, scopes of keys."""

import re
from collections.abc import Iterable, MutableMapping
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.key_ring import is_loopback
from api.problems import Problem
from store import keys
from store.database import Database
from store.records import ApiKey
from store.settings import Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
HOST = r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{0,5})?"
HOST_HEADER, ORIGIN_HEADER = re.compile(HOST, re.I | re.A), re.compile(f"https?://({HOST})", re.I | re.A)
IMPLIED = {"read": {"read", "submit", "admin"}, "submit": {"submit", "admin"}, "admin": {"admin"}}
"""Scope that a route asks for -> scopes of a key that give it."""
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `Authorization: Bearer lpl_...`")


def refusal_to_start(settings: Settings, db: Database) -> str | None:
    """Why the service may not start: it can be reached from other machines and there is no key. None where it may."""
    if is_loopback(settings.host) or keys.any_keys(db):
        return None
    return (
        f"{settings.host} can be reached from other machines, so an API key is required and there is none: "
        "run `lpl key create NAME`, or set LPL_ADMIN_KEY or LPL_ADMIN_KEY_FILE"
    )


class Gate:
    """ASGI middleware: refuses foreign hosts (DNS rebinding) and cross-site writes, and adds security headers."""

    def __init__(self, app: ASGIApp, *, host: str, allowed_hosts: Iterable[str]) -> None:
        self.app = app
        self.allowed = {name.lower().strip("[]") for name in (*LOOPBACK_NAMES, host, *allowed_hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message)
            await send(message)

        refusal = self.refusal(scope["method"], Headers(scope=scope))
        await (self.app if refusal is None else refusal.response())(scope, receive, with_headers)

    def refusal(self, method: str, headers: Headers) -> Problem | None:
        """Why a request is not served, None where it is."""
        if "transfer-encoding" in headers and "content-length" in headers:
            # RFC 9112, 6.1: two ends that believe different ones would see different requests.
            detail = "a request has a Content-Length or a Transfer-Encoding, not both"
            return Problem(400, detail, headers={"Connection": "close"})
        host = headers.get("host", "")
        name = host_name(host)
        if not name or ("*" not in self.allowed and name not in self.allowed):
            detail = f"host {host[:100]!r} is not served here; name it in LPL_ALLOWED_HOSTS"
            return Problem(403 if host else 400, detail)
        origin = headers.get("origin")
        if method in SAFE_METHODS:
            return None
        foreign = origin is not None and authority(origin) != host.lower()
        if foreign or (origin is None and headers.get("sec-fetch-site") in ("cross-site", "same-site")):
            return Problem(403, "a page of another origin may not change anything here")
        return None


def host_name(host: str) -> str:
    """The name in a Host header, without its port; empty where it is no host."""
    match = HOST_HEADER.fullmatch(host)
    return (match[1] or match[2]).lower() if match else ""


def authority(origin: str) -> str:
    """Host and port of an Origin header as the Host header would have them; empty where it is not a web page's."""
    match = ORIGIN_HEADER.fullmatch(origin)
    return match[1].lower() if match else ""


def add_headers(message: MutableMapping[str, Any]) -> None:
    """Add the security headers that the response does not set itself."""
    headers = MutableHeaders(raw=message["headers"])
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    message["headers"] = headers.raw


Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


async def caller(request: Request, _: Credentials) -> ApiKey | None:
    """The key of the request as `Authentication` found it, None where none is needed; the header is for the document.

    A route that asks for it at an address that is public by mistake fails: nothing was found there.
    """
    return cast(ApiKey | None, request.state.key)


Caller = Annotated[ApiKey | None, Depends(caller)]


def require(scope: str) -> Any:
    """A dependency: the request's key has the scope."""

    async def check(key: Caller) -> None:
        if key is not None and not IMPLIED[scope] & set(key.scopes):
            raise Problem(403, f"the API key lacks the scope {scope!r}; it has {', '.join(key.scopes)}")

    return Depends(check)


READ, SUBMIT, ADMIN = require("read"), require("submit"), require("admin")
