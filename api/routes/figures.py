"""Figures of a job, as papers print them."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import Epoch, Identifier, Text
from api.problems import problems, refusal
from api.services.comparison.compared import Compared
from api.state import Services
from store import comparison, jobs

if TYPE_CHECKING:
    from api.services.drawing import job_figures
else:
    job_figures = late("api.services.drawing.job_figures")

router = APIRouter(
    prefix="/v1/jobs", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded
)
Kind = Literal["loss-variation", "class-accuracy", "learning-curves", "confusion-matrix"]
Form = Literal["svg", "png", "pdf"]
MEDIA = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Of an image that is opened by itself: matplotlib sets styles by attribute; nothing else of it may act."""
WITHOUT_METRIC, WITHOUT_EPOCH = ("confusion-matrix",), ("learning-curves",)
VARIATIONS = ("relative_loss_variation", "absolute_loss_variation")
MOST_POINTS = 10_000
FIGURES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA.values()}},
    **NOT_MODIFIED,
}


@router.get("/{job_id}/figures/{kind}.{form}", operation_id="getJobFigure", response_class=Response, responses=FIGURES)
def figure(
    services: Services,
    cached: Cached,
    response: Response,
    job_id: Identifier,
    kind: Kind,
    form: Form,
    epoch: Epoch = None,
    metric: Annotated[Text | None, Query(max_length=100, description="instead of the figure's own")] = None,
) -> Response:
    """A figure of a job: a panel or a line per method and sweep point, means over seeds, the newest epoch.

    `loss-variation`: classes by descending count, `metric` may be absolute_loss_variation; `class-accuracy`: `metric`
    is a per-class series; `learning-curves`: `metric` is a scalar; `confusion-matrix`. The same data give the same
    bytes. The best 12 points are shown where there are more (4 matrices), more than 500 classes in bins.
    """
    refuse_unfit(kind, metric, epoch)
    read = job_figures.read  # loads matplotlib, if this is the first figure, while no connection waits
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        compared = Compared(comparison.sides(session, [job_id], most=MOST_POINTS))
        draw = read(session, compared, job_figures.Wanted(kind, job.name or job.id, metric, epoch))
    content = job_figures.drawn(draw, form, salt=kind)
    named = {"Content-Disposition": f'inline; filename="{job_id}-{kind}.{form}"', "Content-Security-Policy": POLICY}
    return Response(content, headers={**response.headers, **named}, media_type=MEDIA[form])


def refuse_unfit(kind: str, metric: str | None, epoch: int | None) -> None:
    """Refuse what says nothing to the figure.

    Raises:
        Problem: 422, with the parameter.
    """
    if metric is not None and kind in WITHOUT_METRIC:
        raise refusal([{"path": "metric", "message": f"the figure {kind} has no choice of a metric"}])
    if metric is not None and kind == "loss-variation" and metric not in VARIATIONS:
        raise refusal([{"path": "metric", "message": f"is one of {', '.join(VARIATIONS)}"}])
    if epoch is not None and kind in WITHOUT_EPOCH:
        raise refusal([{"path": "epoch", "message": f"the figure {kind} shows all epochs"}])
