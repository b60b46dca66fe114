"""ETag and If-None-Match: what is polled and has not changed costs nothing."""

import hashlib
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from starlette.responses import Response

HEADERS = {"Cache-Control": "no-cache"}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since the given ETag"}}


def weak(*parts: object) -> str:
    """A weak entity tag made of what changes with the resource."""
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


class NotModified(Exception):
    """Ends a request: the client has the answer already."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


async def not_modified(_: Request, error: Exception) -> Response:
    """An empty 304."""
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers={"ETag": error.tag, **HEADERS})


class Conditional:
    """Sets a response's ETag, and ends the request where the client has it already."""

    def __init__(self, request: Request, response: Response, tags: str | None) -> None:
        self._query, self._headers, self._tags = request.url.query, response.headers, tags

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer so far, for one that is built by hand."""
        return dict(self._headers)

    def check(self, *parts: object) -> None:
        """Tag the answer with what changes with it.

        Raises:
            NotModified: the client's copy has this tag.
        """
        tag = weak(self._query, *parts)
        self._headers.update({"ETag": tag, **HEADERS})
        if self._tags is not None and matches(self._tags, tag):
            raise NotModified(tag)


def matches(header: str, tag: str) -> bool:
    """Whether an If-None-Match header names the tag (weak comparison)."""
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags


async def conditional(
    request: Request,
    response: Response,
    if_none_match: Annotated[str | None, Header(description="ETag of an earlier answer")] = None,
) -> Conditional:
    """The request's condition. Not the class itself: that would wait for a thread of the pool."""
    return Conditional(request, response, if_none_match)


Cached = Annotated[Conditional, Depends(conditional)]
