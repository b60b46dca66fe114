"""Request bodies: JSON, but for the forms of uploads, and what a spec's body is in the documentation."""

import asyncio
import re
from typing import Annotated, Any, NamedTuple

from fastapi import Body, Depends, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.doubled_keys import refuse_doubled
from api.problems import Problem

NAMED: dict[str, Any] = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "object"}]}
EXPERIMENT: dict[str, Any] = {
    "anyOf": [
        {"type": "object", "required": ["dataset"], "properties": {"dataset": NAMED, "method": NAMED}},
        {"type": "object", "required": ["preset"], "properties": {"preset": {"type": "string"}}},
    ]
}
MAX_PARTS = 200_000
"""Lists and objects in a body; a sweep of ten thousand complete methods has fewer. They are read in about 0.1 s."""
SLOWEST_BYTES_PER_SECOND = 16_384
"""An upload that comes more slowly is ended: it holds one of few places."""
UPLOADS = ("POST", "/v1/datasets")
EXAMPLE = {"dataset": {"name": "digits", "imbalance_factor": 20}, "method": "lpl", "seeds": [0, 1, 2]}


def only_json(content_type: Annotated[str | None, Header(include_in_schema=False)] = None) -> None:
    """Refuse a body that is not said to be JSON.

    Raises:
        Problem: 415.
    """
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return
    if kind == "multipart/form-data":
        raise Problem(415, "this address takes JSON; a form with a data set's file goes to POST /v1/datasets")
    raise Problem(415, "send the body as JSON, with Content-Type: application/json")


async def json_body(request: Request, _: Annotated[None, Depends(only_json)]) -> None:
    """Refuse a body that is not JSON, or in which keys stand twice.

    Raises:
        Problem: 415, 422.
    """
    if body := await request.body():
        await run_in_threadpool(refuse_doubled, body)


JSON_BODY = Depends(json_body)
Experiment = Annotated[
    dict[str, Any],
    Body(
        description="An experiment; its complete form is at /v1/schema/experiment, and nearly everything has a default",
        json_schema_extra=EXPERIMENT,
        openapi_examples={"digits": {"value": EXAMPLE}},
    ),
]


PREDICTIONS, MOST_OF_PREDICTIONS = re.compile(r"/v1/runs/[^/]+/predict"), 2**26
"""Where bodies come that this process does not read as JSON, and the bytes that they may have."""


class Limit(NamedTuple):
    """What a body may have."""

    bytes: int
    setting: str
    """What the limit is called; empty where it is fixed."""
    is_json: bool

    def __str__(self) -> str:
        return f"{self.bytes} bytes{self.setting and f' ({self.setting})'}"


class BodyLimit:
    """ASGI middleware: refuses bodies that are too large, as soon as they say so or prove to be, or too slow.

    Too large is also what has too many lists and objects: reading JSON holds up all other requests, and these take by
    far the most time for their size. Forms of uploads have a limit of their own, and more time as they bring more.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_upload_bytes: int, seconds: float) -> None:
        self.app, self.max_bytes, self.max_upload_bytes, self.seconds = app, max_bytes, max_upload_bytes, seconds

    def limit_of(self, scope: Scope) -> Limit:
        """What a request's body may have."""
        if is_form(scope):
            return Limit(self.max_upload_bytes, "LPL_MAX_UPLOAD_BYTES", is_json=False)
        if PREDICTIONS.fullmatch(scope["path"]):
            return Limit(MOST_OF_PREDICTIONS, "", is_json=False)
        return Limit(self.max_bytes, "LPL_MAX_BODY_BYTES", is_json=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        uploads, limit = is_form(scope), self.limit_of(scope)
        most, too_large = limit.bytes, f"the body has more than {limit}"
        if declared_length(scope) > most:
            await Problem(413, too_large).response()(scope, receive, send)
            return
        seen, parts, complete = 0, 0, False
        start = asyncio.get_running_loop().time()

        async def counted() -> Message:
            nonlocal seen, parts, complete
            if complete:
                return await receive()
            try:
                more_seconds = seen / SLOWEST_BYTES_PER_SECOND if uploads else 0
                async with asyncio.timeout_at(start + self.seconds + more_seconds):
                    message = await receive()
            except TimeoutError:
                late = f"the body has not arrived within {self.seconds:g} s (LPL_BODY_SECONDS); send it again"
                raise HTTPException(408, late, headers={"Connection": "close"}) from None
            complete = not message.get("more_body", False)
            body = message.get("body", b"")
            seen, parts = seen + len(body), parts + body.count(b"[") + body.count(b"{")
            if seen > most:
                raise HTTPException(413, too_large)
            if parts > MAX_PARTS and limit.is_json:
                raise HTTPException(413, f"the body has more than {MAX_PARTS} lists and objects")
            return message

        await self.app(scope, counted, send)


def is_form(scope: Scope) -> bool:
    """Whether a request brings a form where forms are taken."""
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    return kind == "multipart/form-data" and (scope["method"], scope["path"]) == UPLOADS


def declared_length(scope: Scope) -> int:
    """The Content-Length, 0 where there is none."""
    value = Headers(scope=scope).get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0
