"""Parameters that many routes share."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header, Path, Query, Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import AfterValidator, Field
from starlette.concurrency import run_in_threadpool

from api.late import late
from api.problems import Problem, refusal
from store.job_order import bound_of, order_of

if TYPE_CHECKING:
    from lplcore import plugin
else:
    plugin = late("lplcore.plugin")

MAX_INT = 2**31 - 1
ID = r"^[A-Za-z0-9_\-]+$"
PAGES = ("/", "/docs")
QUERY_NAMES: dict[Callable[..., Any], list[str]] = {}
"""Handler -> its query parameters, of those that have been asked."""
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$"


async def known_query(request: Request) -> None:
    """Refuse query parameters that the route does not have: a filter that does nothing would answer with everything.

    Pages for people are exempt, whose links may carry anything.

    Raises:
        Problem: 422, with the nearest name of each.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or request.scope["path"] in PAGES:
        return
    names = query_names(route)
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in names][:100]
    if unknown:
        raise await run_in_threadpool(unknown_query, unknown, names)


def unknown_query(unknown: Iterable[str], names: list[str]) -> Problem:
    """The refusal of query parameters that a route does not have."""
    hints = {name: f"unknown query parameter; {plugin.nearest(name, names)}" for name in unknown}
    return refusal([{"path": name[:100], "message": hint} for name, hint in hints.items()])


def query_names(route: APIRoute) -> list[str]:
    """The query parameters of a route, worked out once."""
    if route.endpoint not in QUERY_NAMES:
        fields = [field for field in get_flat_params(route.dependant) if isinstance(field.field_info, params.Query)]
        QUERY_NAMES[route.endpoint] = [field.alias for field in fields]
    return QUERY_NAMES[route.endpoint]


def storable(text: str) -> str:
    """Text that every database can compare with."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text may hold neither NUL nor unpaired surrogates")
    return text


def an_order(text: str) -> str:
    """The text, which names an order of jobs.

    Raises:
        ValueError: it names none.
    """
    order_of(text)
    return text


def a_bound(text: str) -> str:
    """The text, which names a bound of a metric.

    Raises:
        ValueError: it names none.
    """
    bound_of(text)
    return text


Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Identifier = Annotated[str, Path(max_length=40, pattern=ID)]
DatasetName = Annotated[str, Path(pattern=NAME)]
Selected = Annotated[str | None, Query(max_length=40, pattern=ID)]
Parent = Annotated[
    str | None, Query(max_length=40, pattern=ID, description="the job whose specification this one was made from")
]
Limit = Annotated[int, Query(ge=1, le=1000, description="items per page")]
Cursor = Annotated[Text | None, Query(max_length=200, description="`next` of the page before")]
SortedCursor = Annotated[Text | None, Query(max_length=4000, description="`next` of the page before")]
Sort = Annotated[
    Text,
    AfterValidator(an_order),
    Query(
        max_length=200,
        description="created_at, name, progress or metric:NAME, descending with - in front; by a metric the jobs that "
        "have it are listed",
    ),
]
Bounds = Annotated[
    list[Annotated[Text, AfterValidator(a_bound), Field(max_length=200)]],
    Query(
        alias="metric",
        max_length=16,
        description="bounds that the job's metrics keep: a main metric, one of < <= > >=, and a number",
        examples=[["test/top1_error<0.2"]],
    ),
]
Filter = Annotated[Text | None, Query(max_length=200)]
Epoch = Annotated[int | None, Query(ge=1, le=MAX_INT, description="this epoch only")]
AfterEpoch = Annotated[int, Query(ge=0, le=MAX_INT, description="later epochs only")]
Names = Annotated[list[str] | None, Query(max_length=200, description="names, repeated or joined by commas")]
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, pattern=r"^[!-~]+$", description="makes a repetition harmless")
]


def names_of(parts: list[str] | None) -> list[str] | None:
    """Names given repeatedly or joined by commas; None where none were."""
    return [name for part in parts for name in part.split(",")] if parts else None
