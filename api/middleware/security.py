"""Who may ask: host names, origins, scopes of keys."""

import re
from collections.abc import Iterable, MutableMapping
from typing import Annotated, Any, NamedTuple, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem
from store.database.records import ApiKey

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
HEALTH = ("/healthz", "/readyz")
HOST = r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::([0-9]{0,5}))?"
HOST_HEADER, ORIGIN_HEADER = re.compile(HOST, re.I | re.A), re.compile(f"(https?)://{HOST}", re.I | re.A)
DEFAULT_PORTS = {"http": 80, "https": 443}
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


class Origin(NamedTuple):
    """What tells the pages of one site from those of others."""

    scheme: str
    host: str
    port: int


class Gate:
    """ASGI middleware: refuses foreign hosts (DNS rebinding) and cross-site writes, and adds security headers."""

    def __init__(self, app: ASGIApp, *, host: str, allowed_hosts: Iterable[str], public_url: str | None) -> None:
        self.app = app
        parts = urlsplit(public_url or "")
        self.public = origin_of(f"{parts.scheme}://{parts.netloc}")
        named = (*LOOPBACK_NAMES, host, *allowed_hosts, self.public.host if self.public else host)
        self.allowed = {name.lower().strip("[]") for name in named}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message)
            await send(message)

        refusal = self.refusal(scope)
        await (self.app if refusal is None else refusal.response())(scope, receive, with_headers)

    def refusal(self, scope: Scope) -> Problem | None:
        """Why a request is not served, None where it is."""
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers and "content-length" in headers:
            # RFC 9112, 6.1: two ends that believe different ones would see different requests.
            detail = "a request has a Content-Length or a Transfer-Encoding, not both"
            return Problem(400, detail, headers={"Connection": "close"})
        if scope["path"] in HEALTH:  # probes ask by address, some without a Host
            return None
        return self.foreign_host(headers.get("host", "")) or self.foreign_page(scope, headers)

    def foreign_host(self, host: str) -> Problem | None:
        """Refuses a name that is not served here."""
        name = host_name(host)
        if name and ("*" in self.allowed or name in self.allowed):
            return None
        detail = f"host {host[:100]!r} is not served here; name it in LPL_ALLOWED_HOSTS"
        return Problem(403 if host else 400, detail)

    def foreign_page(self, scope: Scope, headers: Headers) -> Problem | None:
        """Refuses a change that a page of another origin asks for (RFC 6454: scheme, host and port tell them apart)."""
        if scope["method"] in SAFE_METHODS:
            return None
        origin = headers.get("origin")
        foreign = origin is not None and origin_of(origin) not in self.own_origins(scope["scheme"], headers["host"])
        if foreign or (origin is None and headers.get("sec-fetch-site") in ("cross-site", "same-site")):
            detail = "a page of another origin may not change anything here"
            return Problem(403, f"{detail}; behind a proxy, set LPL_PUBLIC_URL to the address that browsers use")
        return None

    def own_origins(self, scheme: str, host: str) -> set[Origin | None]:
        """The origins of pages that this service serves: the public one, and that of the Host header.

        A proxy that nobody trusts may speak TLS to the browser and plain HTTP here: then the scheme is not known.
        """
        match = HOST_HEADER.fullmatch(host)
        assert match is not None  # `foreign_host` has seen to it
        name, port = host_name(host), match[3]
        if self.public is not None and name == self.public.host and not port:
            return {self.public}
        schemes = ("https",) if scheme == "https" else ("http", "https")
        return {self.public, *(Origin(each, name, int(port or DEFAULT_PORTS[each])) for each in schemes)} - {None}


def host_name(host: str) -> str:
    """The name in a Host header, without its port; empty where it is no host."""
    match = HOST_HEADER.fullmatch(host)
    return (match[1] or match[2]).lower() if match else ""


def origin_of(header: str) -> Origin | None:
    """The origin in an Origin header, None where it is not a web page's."""
    match = ORIGIN_HEADER.fullmatch(header)
    if match is None:
        return None
    scheme, name = match[1].lower(), (match[2] or match[3]).lower()
    return Origin(scheme, name, int(match[4] or DEFAULT_PORTS[scheme]))


def add_headers(message: MutableMapping[str, Any]) -> None:
    """Add the security headers that the response does not set itself."""
    headers = MutableHeaders(raw=message["headers"])
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    message["headers"] = headers.raw


Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


async def caller(request: Request, _: Credentials) -> ApiKey | None:
    """The key of the request; the header is for the document."""
    return key_of(request)


def key_of(request: Request) -> ApiKey | None:
    """The key of a request as `Authentication` left it, None where none is needed.

    A route that asks for it at an address that is public by mistake fails: nothing was found there.
    """
    return cast(ApiKey | None, request.state.key)


Caller = Annotated[ApiKey | None, Depends(caller)]


def require(scope: str) -> Any:
    """A dependency: the request's key has the scope."""

    async def check(request: Request, _: Credentials) -> None:
        key = key_of(request)
        if key is not None and not IMPLIED[scope] & set(key.scopes):
            raise Problem(403, f"the API key lacks the scope {scope!r}; it has {', '.join(key.scopes)}")

    return Depends(check)


READ, SUBMIT, ADMIN = require("read"), require("submit"), require("admin")
