"""The audit log: who asked for what that may change something."""

import logging

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.security import SAFE_METHODS
from store import audit
from store.database import Database
from store.errors import StoreError
from store.records import ApiKey

UNSEEN = ("/v1/jobs/validate",)
"""Addresses that take a body and change nothing."""
log = logging.getLogger(__name__)


class Audit:
    """ASGI middleware: notes every request that may change something, with its key, address and outcome."""

    def __init__(self, app: ASGIApp, *, db: Database) -> None:
        self.app, self._db = app, db

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or scope["path"] in UNSEEN:
            await self.app(scope, receive, send)
            return
        status = 500

        async def with_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, with_status)
        finally:
            await run_in_threadpool(self._record, scope, status)

    def _record(self, scope: Scope, status: int) -> None:
        key: ApiKey | None = scope.get("state", {}).get("key")
        client = scope.get("client")
        try:
            audit.record(
                self._db,
                key_id=None if key is None else key.id,
                key_name=None if key is None else key.name,
                method=scope["method"],
                path=scope["path"],
                status=status,
                address=client[0] if client else None,
            )
        except StoreError as error:
            log.warning("not in the audit log: %s %r -> %d (%s)", scope["method"], scope["path"][:200], status, error)
