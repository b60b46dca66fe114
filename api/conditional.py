"""ETag and If-None-Match: what is polled and has not changed costs nothing."""

import hashlib
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from starlette.responses import Response

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since the given ETag"}}


def weak(*parts: object) -> str:
    """A weak entity tag made of what changes with the resource."""
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


class Conditional:
    """Sets a response's ETag and tells whether the client has it already."""

    def __init__(
        self,
        request: Request,
        response: Response,
        if_none_match: Annotated[str | None, Header(description="ETag of an earlier answer")] = None,
    ) -> None:
        self._query = request.url.query
        self._headers = response.headers
        self._known = if_none_match

    def unchanged(self, *parts: object) -> Response | None:
        """An empty 304 where the client's copy is current, else None with the tag set on the answer."""
        tag = weak(self._query, *parts)
        self._headers["ETag"] = tag
        self._headers["Cache-Control"] = "no-cache"
        if self._known is not None and matches(self._known, tag):
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache"})
        return None


def matches(header: str, tag: str) -> bool:
    """Whether an If-None-Match header names the tag (weak comparison)."""
    given = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in given or tag.removeprefix("W/") in given


Cached = Annotated[Conditional, Depends()]
