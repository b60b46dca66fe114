"""Errors as problem documents (RFC 9457): one class, one renderer, one table of who answers with which status."""

import asyncio
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.late import late
from store.errors import (
    BadCursor,
    Conflict,
    ConsumersDead,
    DatabaseUnavailable,
    LeaseLost,
    NotFound,
    QuotaExceeded,
    StorageFull,
    StoreError,
)

if TYPE_CHECKING:
    from lplcore import errors as refused
else:
    refused = late("lplcore.errors")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
MAX_DETAIL = 2000
log = logging.getLogger(__name__)

STATUSES: dict[type[StoreError], int] = {
    NotFound: 404,
    Conflict: 409,
    LeaseLost: 409,
    BadCursor: 422,
    QuotaExceeded: 429,
    DatabaseUnavailable: 503,
    StorageFull: 503,
    ConsumersDead: 503,
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    path: str = Field(description="where, for instance method.perturbations.0.epsilon; empty for the whole body")
    message: str = Field(description="what is wrong and what to do")


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="about:blank: the status says it all")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="the fields at fault")


class Problem(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors
        self.headers, self.more = dict(headers or {}), more

    def response(self) -> Response:
        """The document as a response."""
        content: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail[:MAX_DETAIL],
            **self.more,
        }
        if self.errors is not None:
            content["errors"] = [{"path": e["path"], "message": e["message"]} for e in self.errors]
        # ASCII: a message may quote an unpaired surrogate, which UTF-8 cannot carry.
        body = json.dumps(content, ensure_ascii=True).encode()
        return Response(body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def refusal(errors: Sequence[Mapping[str, str]]) -> Problem:
    """422 for these fields."""
    return Problem(422, summary(errors), errors=errors)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that can end with these problems; any route can end with the default ones."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    content = {MEDIA_TYPE: {"schema": schema}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


ANYWHERE = problems(400, 401, 403, 422, 429, 503)
"""What any route may end with."""


def install(app: FastAPI) -> None:
    """Let the application answer every error with a problem document."""
    handlers = {
        Problem: of_problem,
        HTTPException: of_http,
        RequestValidationError: of_validation,
        ValueError: of_value,
        StoreError: of_store,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def of_problem(_: Request, error: Exception) -> Response:
    """A problem that a handler raised."""
    assert isinstance(error, Problem)
    return error.response()


def of_http(request: Request, error: Exception) -> Response:
    """What the framework refuses: unknown routes, methods, bodies too large."""
    assert isinstance(error, HTTPException)
    detail, headers = str(error.detail), dict(error.headers or {})
    if error.status_code == 405:
        # The framework names the methods of the first route that matches; an address may have several.
        documented, first = methods_at(request.app.openapi(), request.url.path), headers.get("Allow", "GET")
        allowed = {*documented, *first.split(", ")}
        methods = ", ".join(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))
        headers["Allow"], detail = methods, f"{request.method[:20]} is not for this address; it takes {methods}"
    if error.status_code == 404 and detail == "Not Found":
        detail = "there is nothing at this address; /docs lists what there is"
    return Problem(error.status_code, detail, headers=headers).response()


def methods_at(document: Mapping[str, Any], path: str) -> list[str]:
    """The methods that a documented address takes, empty where it is none."""
    for template, operations in document["paths"].items():
        if compile_path(template)[0].match(path):
            return sorted(method.upper() for method in operations)
    return []


def of_validation(_: Request, error: Exception) -> Response:
    """Parameters or a body of the wrong shape. An identifier that cannot exist is simply not found."""
    assert isinstance(error, RequestValidationError)
    mistakes = error.errors()
    if any(item["loc"][0] == "path" for item in mistakes):
        return Problem(404, "there is nothing by this identifier").response()
    return refusal([{"path": path_of(item["loc"]), "message": message_of(item)} for item in mistakes[:100]]).response()


def of_value(_: Request, error: Exception) -> Response:
    """A spec that cannot be run, a data set that is absent or corrupt; what else has a wrong value is unexpected."""
    if isinstance(error, refused.SpecError):
        return refusal(error.errors).response()
    if isinstance(error, refused.DatasetError):
        errors = [{"path": f"dataset.{error.field}", "message": str(error)}]
        return Problem(422, summary(errors), errors=errors).response()
    raise error


def of_store(request: Request, error: Exception) -> Response:
    """What the store refuses. Where the reason names hosts or paths, it stands in the log alone."""
    assert isinstance(error, StoreError)
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 422)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status in (429, 503) else None
    errors = [{"path": "cursor", "message": str(error)}] if isinstance(error, BadCursor) else None
    if error.public is not None:
        log.warning("%s %r -> %d: %s", request.method, request.url.path[:200], status, error)
    return Problem(status, error.public or str(error), errors=errors, headers=headers).response()


def path_of(location: Sequence[Any]) -> str:
    """`body.dataset.name` -> `dataset.name`."""
    place, *rest = location
    if place == "body" and rest and isinstance(rest[0], int):
        rest = rest[1:]  # the offset of a JSON syntax error
    return ".".join(str(part) for part in rest)[:300]


def message_of(item: Mapping[str, Any]) -> str:
    """A validation error in words."""
    if item["type"] == "json_invalid":
        return f"the body is not JSON: {item['ctx']['error']} at character {item['loc'][-1]}"
    if item["type"] == "missing":
        return "is required"
    return str(item["msg"]).removeprefix("Value error, ")


def summary(errors: Sequence[Mapping[str, str]]) -> str:
    """The first problem in one line, and how many more there are."""
    if not errors:
        return "the request is not valid"
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first['path']}: {first['message']}{more}".removeprefix(": ")


class CatchAll:
    """ASGI middleware: what nobody expected is logged under an id, and the answer carries that id only.

    A request that a stop cuts off is answered 503; whether it changed something is not known.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            if scope["type"] != "http":
                raise
            incident = secrets.token_hex(8)
            log.exception("incident %s: %s %r", incident, scope["method"], scope["path"])
            if started:
                return  # the server sees an unfinished answer and closes the connection
            detail = f"an unexpected {type(error).__name__}; the log has more under incident {incident}"
            await Problem(500, detail, incident=incident).response()(scope, receive, send)
        except asyncio.CancelledError:  # the server stops and has waited long enough
            if scope["type"] != "http":
                raise
            log.warning("the service stops: %s %r was cut off", scope["method"], scope["path"])
            if not started:
                cut_off = Problem(
                    503, "the service stops; ask again", headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
                )
                await cut_off.response()(scope, receive, send)
