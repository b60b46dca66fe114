"""ETag and 304 for what is polled."""

import hashlib
from collections.abc import Iterable
from typing import TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


def etag_of(parts: Iterable[object]) -> str:
    """A weak ETag from what an answer depends on."""
    return 'W/"' + hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:24] + '"'


def unchanged(request: Request, response: Response, etag: str) -> Response | None:
    """A 304 where the client has this version; else its ETag is set on the answer."""
    known = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return None
