"""What a run has measured and kept: metrics, per-class series, checkpoints, log."""

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from fastapi import APIRouter, Query

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import MAX_INT, Cursor, Epoch, Identifier, Limit, Names, Text, names_of
from api.problems import problems, refusal
from api.schemas.results import (
    CheckpointList,
    ClassSeries,
    ConfusionEntries,
    ConfusionMatrix,
    History,
    LogList,
    LossVariations,
    Metrics,
    log_entry,
)
from api.state import Services
from store import checkpoints, cursors, events, metrics
from store.database.records import Page
from store.errors import BadCursor, NotFound
from store.lifecycle import runs

if TYPE_CHECKING:
    from api.services import series
else:
    series = late("api.services.series")

router = APIRouter(
    prefix="/v1/runs", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded
)
Kind: TypeAlias = Literal["state", "checkpoint", "rewind"]
MOST_OF_A_MATRIX = 1000
"""Classes up to which a confusion matrix is answered whole."""


@router.get("/{run_id}/metrics", operation_id="getMetrics", responses=NOT_MODIFIED)
def get_metrics(
    services: Services,
    cached: Cached,
    run_id: Identifier,
    names: Names = None,
    after_epoch: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
) -> Metrics:
    """Scalars per epoch; a value is null where it is undefined."""
    with services.db.read() as session:
        cached.check(run_id, runs.version(session, run_id))
        curves = metrics.metrics(session, run_id, names=names_of(names), after_epoch=after_epoch)
    return Metrics.model_validate({"metrics": curves})


@router.get(
    "/{run_id}/loss-variations",
    operation_id="getLossVariations",
    response_model_exclude_unset=True,
    responses=NOT_MODIFIED,
)
def get_loss_variations(services: Services, cached: Cached, run_id: Identifier, epoch: Epoch = None) -> LossVariations:
    """Relative loss variation (l' - l) / l per class and epoch; `positive` and `negative` for multi label.

    `absolute_loss_variation` is l' - l, for multi label an object of `positive` and `negative`; null where the run was
    measured without it.
    """
    with services.db.read() as session:
        run = runs.get(session, run_id)
        cached.check(run.id, run.version)
        arrays = metrics.named_series(session, run_id, series.VARIATIONS, epoch=epoch)
    return LossVariations(**series.classes_of(run), **series.variations(arrays))


@router.get("/{run_id}/class-metrics", operation_id="getClassMetrics", responses=NOT_MODIFIED)
def get_class_metrics(
    services: Services,
    cached: Cached,
    run_id: Identifier,
    name: Annotated[Text, Query(max_length=100, description="for instance test/accuracy or lpl/q")],
    epoch: Epoch = None,
) -> ClassSeries:
    """A per-class series under its own name."""
    with services.db.read() as session:
        run = runs.get(session, run_id)
        cached.check(run.id, run.version)
        names = [each for each in metrics.series_names(session, run_id) if each not in metrics.CONFUSION]
        if name not in names:
            raise NotFound(f"run {run_id} has no series {name!r}; it has {', '.join(names) or 'none yet'}")
        arrays = metrics.series(session, run_id, name, epoch=epoch)
    return ClassSeries(**series.classes_of(run), **series.by_epoch(name, arrays))


@router.get("/{run_id}/confusion-matrix", operation_id="getConfusionMatrix")
def get_confusion_matrix(
    services: Services,
    run_id: Identifier,
    epoch: Epoch = None,
    form: Annotated[Literal["matrix", "entries"], Query(alias="format")] = "matrix",
    limit: Annotated[int | None, Query(ge=1, le=MAX_INT, description="entries only, the largest")] = None,
) -> ConfusionMatrix | ConfusionEntries:
    """Test examples by true (row) and predicted (column) class, of the newest epoch or of the one asked for.

    Above 1,000 classes as entries alone, largest first: the cells that have examples, by the classes' places in the
    list `classes`.
    """
    with services.db.read() as session:
        run = runs.get(session, run_id)
        classes = series.classes_of(run)["classes"]
        if form == "matrix" and len(classes) > MOST_OF_A_MATRIX:
            message = f"a matrix of {len(classes)} classes is too large; ask for format=entries"
            raise refusal([{"path": "format", "message": message}])
        newest = metrics.confusion(session, run_id, epoch=epoch)
    if newest is None:
        raise NotFound(f"run {run_id} has no confusion matrix{' of that epoch' if epoch else ' yet'}")
    at, name, array = newest
    if form == "matrix":
        return ConfusionMatrix(classes=classes, epoch=at, matrix=series.rows(array))
    return ConfusionEntries(classes=classes, epoch=at, entries=series.entries(name, array, limit))


@router.get("/{run_id}/checkpoints", operation_id="listCheckpoints")
def list_checkpoints(services: Services, run_id: Identifier) -> CheckpointList:
    """Checkpoints of a run, oldest first; all of them, as only a few are kept."""
    with services.db.read() as session:
        runs.get(session, run_id)
        kept = checkpoints.list_for_run(session, run_id)
    return CheckpointList.model_validate(Page(kept, None))


@router.get("/{run_id}/logs", operation_id="getLogs")
def get_logs(
    services: Services,
    run_id: Identifier,
    limit: Limit = 500,
    cursor: Cursor = None,
    order: Annotated[Literal["asc", "desc"], Query(description="desc: newest first, for the end of a log")] = "asc",
) -> LogList:
    """Log lines, oldest first or newest first."""
    place = after_line(cursor)
    with services.db.read() as session:
        runs.get(session, run_id)
        if order == "asc":
            lines = events.logs(session, run_id, after_id=place, limit=limit + 1)
        else:
            lines = events.last_logs(session, run_id, before_id=place or None, limit=limit + 1)
    following = cursors.encode(str(lines[limit - 1].id)) if len(lines) > limit else None
    return LogList(items=[log_entry(line) for line in lines[:limit]], next=following)


@router.get("/{run_id}/history", operation_id="getHistory")
def get_history(
    services: Services,
    run_id: Identifier,
    limit: Limit = 100,
    cursor: Cursor = None,
    kind: Annotated[list[Kind] | None, Query(max_length=3, description="only these; repeat")] = None,
) -> History:
    """What has happened to a run, newest first: states with their reasons, checkpoints, rewinds."""
    before = after_line(cursor) if cursor is not None else None
    with services.db.read() as session:
        runs.get(session, run_id)
        found = events.history(session, run_id, kinds=kind or events.HISTORY, before_id=before, limit=limit + 1)
    following = cursors.encode(str(found[limit - 1].id)) if len(found) > limit else None
    return History.model_validate(Page(found[:limit], following))


def after_line(cursor: str | None) -> int:
    """The id of the log line that a cursor stands after.

    Raises:
        BadCursor: no log gave it out.
    """
    if cursor is None:
        return 0
    text = cursors.decode(cursor)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadCursor("cursor: not one that a log has given; start without it")
    return int(text)
