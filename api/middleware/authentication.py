"""Whose request it is, decided before its body is read: a stranger, or a key that asks too often, costs one look-up."""

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.middleware.key_ring import KeyRing
from api.middleware.limiter import Limiter
from api.problems import Problem
from store.database.records import ApiKey
from store.errors import StoreError

PUBLIC = ("/", "/docs", "/healthz", "/readyz")
STATIC = ("/assets/", "/docs/assets/")
"""Folders of files that carry no data."""
THREADS = 10
"""Look-ups at once; threads of their own, so that slow requests do not keep others from being refused."""
CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Authentication:
    """ASGI middleware: puts the request's key into its state, None where none is needed, and counts its requests.

    Everything but the public addresses is closed, also what does not exist. Scopes are the routes' own matter.
    """

    def __init__(self, app: ASGIApp, *, keys: KeyRing, limiter: Limiter) -> None:
        self.app, self._keys, self._limiter = app, keys, limiter
        self._threads = CapacityLimiter(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or is_public(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            await self._admit(scope)
        except Problem as refusal:
            await refusal.response()(scope, receive, send)
        except StoreError as error:
            await problems.of_store(Request(scope), error)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        if self._keys.is_open():  # known without the database, so without a thread
            scope.setdefault("state", {})["key"] = None
            return
        secret = bearer_secret(Headers(scope=scope))
        key = await anyio.to_thread.run_sync(self._caller, secret, limiter=self._threads)
        scope.setdefault("state", {})["key"] = key
        if key is not None:
            self._limiter.count(key.id)

    def _caller(self, secret: str | None) -> ApiKey | None:
        if not self._keys.required():
            return None
        if secret is None:
            raise Problem(401, "give an API key: Authorization: Bearer lpl_...", headers=CHALLENGE)
        key = self._keys.verify(secret)
        if key is None:
            raise Problem(401, "the API key is unknown or revoked", headers=CHALLENGE)
        return key


def is_public(path: str) -> bool:
    """Whether an address is served without a key."""
    return path in PUBLIC or path.startswith(STATIC)


def bearer_secret(headers: Headers) -> str | None:
    """The secret that a request carries, None where there is none."""
    scheme, secret = get_authorization_scheme_param(headers.get("authorization"))
    return secret if secret and scheme.lower() == "bearer" else None
