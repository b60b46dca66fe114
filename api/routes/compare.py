"""Sides beside each other, and tables as in papers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.middleware.security import READ
from api.parameters import ID, Identifier, Text
from api.problems import problems, refusal
from api.schemas.comparison import Comparison, TableAnswer
from api.services.comparison.answer import answer_of, curves_of
from api.services.comparison.compared import Compared
from api.services.comparison.tables import RENDERED, table_of
from api.state import Services
from store import comparison, jobs
from store.comparison import Side

router = APIRouter(prefix="/v1", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded)
FEWEST, MOST = 2, 32
"""Sides of a comparison."""
MOST_ROWS = 10_000
"""Rows of an exported table: as many as a job may have runs."""
TABLES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {"schema": {"type": "string"}} for media, _, _ in RENDERED.values()}},
    **NOT_MODIFIED,
}
Selected = Annotated[list[Annotated[str, Query(max_length=40, pattern=ID)]] | None, Query(max_length=MOST)]
Places = Annotated[
    list[Annotated[int, Query(ge=0, lt=MOST)]] | None,
    Query(max_length=MOST, description="places of the sides that are kept; without it all are"),
]
Chosen = Annotated[
    list[Annotated[Text, Query(max_length=100)]] | None,
    Query(max_length=MOST, description="columns of a table; of JSON the first is the metric of `series`"),
]


@router.get("/compare", operation_id="compare", response_model=Comparison, responses=TABLES)
def compare(
    services: Services,
    cached: Cached,
    response: Response,
    job: Selected = None,
    run: Selected = None,
    side: Places = None,
    metric: Chosen = None,
    form: Annotated[Literal["json", "csv", "latex", "markdown"], Query(alias="format")] = "json",
) -> Any:
    """What differs between 2 to 32 sides, their last figures, differences paired by seed, and curves.

    `job` and `run` may be repeated. A job with a sweep gives a side per point. The other formats give the result
    table: its rows are methods, its columns metrics, or the main metric on each data set where there are several.
    """
    with services.db.read() as session:
        compared = Compared(kept(refused_beyond(comparison.sides(session, job or [], run or [], most=MOST)), side))
        cached.check([side.version for side in compared.sides])
        if form != "json":
            return table_response(compared, form, response.headers, name="comparison", metrics=metric or ())
        drawn = metric[0] if metric else compared.main
        curves = curves_of(session, compared, drawn)
    return answer_of(compared, drawn, curves)


def kept(sides: list[Side], places: Sequence[int] | None) -> list[Side]:
    """The sides at these places.

    Raises:
        Problem: 422, there is no such place.
    """
    if places is None:
        return sides
    for place in places:
        if place >= len(sides):
            raise refusal([{"path": "side", "message": f"{place}: the sides are 0 to {len(sides) - 1}"}])
    return [sides[place] for place in dict.fromkeys(places)]


def refused_beyond(sides: list[Side]) -> list[Side]:
    """The sides, if they can be compared.

    Raises:
        Problem: 422, they are too few or too many.
    """
    if FEWEST <= len(sides) <= MOST:
        return sides
    count = f"more than {MOST}" if len(sides) > MOST else f"{len(sides)}"
    message = f"{FEWEST} to {MOST} sides are compared, these are {count}; a side is a run, or a sweep point of a job"
    raise refusal([{"path": "job", "message": message}])


def table_response(
    compared: Compared, form: str, headers: Mapping[str, str], *, name: str, metrics: Sequence[str] = ()
) -> Response:
    """The table in a format, as a file of that name."""
    media, extension, render = RENDERED[form]
    said = {**headers, "Content-Disposition": f'inline; filename="{name}.{extension}"'}
    return Response(render(table_of(compared, metrics)), headers=said, media_type=f"{media}; charset=utf-8")


@router.get("/jobs/{job_id}/export", operation_id="exportJob", response_model=TableAnswer, responses=TABLES)
def export(
    services: Services,
    cached: Cached,
    response: Response,
    job_id: Identifier,
    form: Annotated[Literal["json", "csv", "latex", "markdown"], Query(alias="format")] = "json",
) -> Any:
    """The result table of a job: a row per method and sweep point, a column per metric or data set."""
    with services.db.read() as session:
        found = jobs.get(session, job_id)
        cached.check(found.id, found.version)
        compared = Compared(comparison.sides(session, [job_id], most=MOST_ROWS))
    if form != "json":
        return table_response(compared, form, response.headers, name=job_id)
    return TableAnswer.model_validate(table_of(compared))
