"""A job's report, one file."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import Identifier
from api.problems import problems
from api.state import Services
from store import jobs

if TYPE_CHECKING:
    from api.services.drawing import report
else:
    report = late("api.services.drawing.report")

router = APIRouter(
    prefix="/v1/jobs", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded
)
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The page's own style and its pictures show; nothing runs, nothing is loaded, it has no origin."""
PAGES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}}},
    **NOT_MODIFIED,
}


@router.get("/{job_id}/report.html", operation_id="getJobReport", response_class=Response, responses=PAGES)
def get_report(services: Services, cached: Cached, response: Response, job_id: Identifier) -> Response:
    """A job in one file that opens from disk: verdict, tables, differences, figures, spec, environment, failures."""
    read = report.read  # loads matplotlib, if nothing has yet, while no connection waits
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        contents = read(session, job)
    named = {"Content-Disposition": f'inline; filename="{job_id}-report.html"', "Content-Security-Policy": POLICY}
    page = report.written(contents)
    return Response(page, headers={**response.headers, **named}, media_type="text/html; charset=utf-8")
