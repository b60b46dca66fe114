"""What a run, and the runs of a job, have measured of each class: for people, programs and spreadsheets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import MAX_INT, Identifier
from api.problems import problems, refusal
from api.schemas.class_report import JobClassReport, RunClassReport
from api.services.comparison.compared import Compared
from api.state import Services
from store import comparison, jobs
from store.errors import NotFound
from store.lifecycle import runs
from store.lifecycle.states import ENDED

if TYPE_CHECKING:
    from api.services.class_report import answer, measured, tables
else:
    answer, measured, tables = (late(f"api.services.class_report.{name}") for name in ("answer", "measured", "tables"))

router = APIRouter(prefix="/v1", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded)
MOST_POINTS = 10_000
WHY_OPEN = " yet: it comes with the last epoch"
WHY_ENDED = ": it ended before its last epoch or has no test examples"
Form = Annotated[Literal["json", "csv", "markdown"], Query(alias="format")]
TABLES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {"schema": {"type": "string"}} for media in ("text/csv", "text/markdown")}},
    **NOT_MODIFIED,
}


@router.get(
    "/runs/{run_id}/class-report", operation_id="getClassReport", response_model=RunClassReport, responses=TABLES
)
def get_class_report(services: Services, cached: Cached, run_id: Identifier, form: Form = "json") -> Any:
    """Precision, recall, F1, counts and what each class is taken for, on the test set; calibration of all together.

    Of runs on single-label data once they have ended, as the confusion is measured then. Multi label: average precision
    and F1 at the experiment's `decision_threshold`, of the newest epoch.
    """
    with services.db.read() as session:
        run = runs.get(session, run_id)
        cached.check(run.id, run.version)
        (side,) = comparison.sides(session, [], [run_id], most=1)
        reports, _ = measured.reports(session, [("", side)], succeeded=False)
    if not reports:
        raise NotFound(f"run {run_id} has no report by class{WHY_ENDED if run.state in ENDED else WHY_OPEN}")
    if form != "json":
        return table(form, reports, cached.headers, name=run_id, pooled=False)
    return RunClassReport.model_validate(answer.of_run(reports[0], run))


@router.get(
    "/jobs/{job_id}/class-report", operation_id="getJobClassReport", response_model=JobClassReport, responses=TABLES
)
def get_job_class_report(
    services: Services,
    cached: Cached,
    job_id: Identifier,
    form: Form = "json",
    point: Annotated[
        int | None, Query(ge=0, le=MAX_INT, description="place of a sweep point in the job; without it all")
    ] = None,
) -> Any:
    """As a run's report, with means and standard deviations over the runs of each sweep point that have succeeded.

    Where the points have very many classes or runs together, the first are answered: `left_out` says how many are not.
    """
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        compared = Compared(comparison.sides(session, [job_id], most=MOST_POINTS))
        sides = list(zip(compared.labels, compared.sides, strict=True))
        if point is not None and point >= len(sides):
            raise refusal([{"path": "point", "message": f"the points are 0 to {len(sides) - 1}"}])
        reports, left_out = measured.reports(session, sides if point is None else sides[point : point + 1])
    if form != "json":
        return table(form, reports, cached.headers, name=job_id, pooled=True)
    points = [answer.of_point(report) for report in reports]
    return JobClassReport.model_validate({"job": job_id, "points": points, "left_out": left_out})


def table(form: str, reports: Any, headers: Mapping[str, str], *, name: str, pooled: bool) -> Response:
    """Reports in a format, as a file of that name."""
    media, extension, render = tables.RENDERED[form]
    said = {**headers, "Content-Disposition": f'inline; filename="{name}-classes.{extension}"'}
    return Response(render(reports, pooled=pooled), headers=said, media_type=f"{media}; charset=utf-8")
