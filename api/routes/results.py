"""What a run has measured and kept: metrics, per-class series, checkpoints, log."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Response

from api.conditional import NOT_MODIFIED, Cached, Conditional
from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import MAX_INT, AfterEpoch, Cursor, Epoch, Identifier, Limit, Names, Text, names_of
from api.problems import problems, refusal
from api.schemas.results import (
    Calibration,
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
from store.database.engine import Session
from store.database.records import Page, Run, Series
from store.errors import BadCursor, NotFound
from store.lifecycle import runs
from store.lifecycle.states import ENDED

if TYPE_CHECKING:
    from api.services import series
else:
    series = late("api.services.series")

router = APIRouter(
    prefix="/v1/runs", tags=["results"], dependencies=[READ], responses=problems(404), route_class=Threaded
)
FLOATS = "application/octet-stream"
ALSO_AS_FLOATS: dict[int | str, dict[str, Any]] = {
    200: {"content": {FLOATS: {"schema": {"type": "string", "format": "binary"}}}},
    **NOT_MODIFIED,
}
Happened = Literal["state", "checkpoint", "rewind", "epoch"]
Kind = Literal["relative", "absolute"]
Sign = Literal["positive", "negative"]
MOST_OF_A_MATRIX = 1000
"""Classes up to which a confusion matrix is answered whole."""


async def wants_floats(response: Response, accept: Annotated[str, Header(include_in_schema=False)] = "") -> bool:
    """Whether the client asks for float32 in place of JSON."""
    response.headers["Vary"] = "Accept"
    return FLOATS in (part.partition(";")[0].strip().lower() for part in accept.split(","))


AsFloats = Annotated[bool, Depends(wants_floats)]


@router.get("/{run_id}/metrics", operation_id="getMetrics", responses=NOT_MODIFIED)
def get_metrics(
    services: Services,
    cached: Cached,
    run_id: Identifier,
    names: Names = None,
    after_epoch: AfterEpoch = 0,
) -> Metrics:
    """Scalars per epoch; a value is null where it is undefined."""
    with services.db.read() as session:
        cached.check(run_id, runs.version(session, run_id))
        curves = metrics.metrics(session, run_id, names=names_of(names), after_epoch=after_epoch)
    return Metrics.model_validate({"metrics": curves})


@router.get(
    "/{run_id}/loss-variations",
    operation_id="getLossVariations",
    response_model=LossVariations,
    response_model_exclude_unset=True,
    responses=ALSO_AS_FLOATS,
)
def get_loss_variations(
    services: Services,
    cached: Cached,
    run_id: Identifier,
    as_floats: AsFloats,
    epoch: Epoch = None,
    after_epoch: AfterEpoch = 0,
    kind: Annotated[Kind | None, Query(description="as floats only; relative where it is left out")] = None,
    sign: Annotated[Sign | None, Query(description="as floats and for multi label only, where it is required")] = None,
) -> LossVariations | Response:
    """Relative loss variation (l' - l) / l per class and epoch; `positive` and `negative` for multi label.

    `absolute_loss_variation` is l' - l, for multi label an object of `positive` and `negative`; null where the run was
    measured without it.

    With `Accept: application/octet-stream` one of them as little-endian float32 [epochs, classes], NaN where undefined:
    `Lpl-Shape: E,C`, and `Lpl-Epochs` has the numbers of the epochs, those in a row as `first-last`.
    """
    with services.db.read() as session:
        run = runs.get(session, run_id)
        cached.check(run.id, run.version, as_floats)
        signed = metrics.has_series(session, run_id, f"{series.VARIATION}.positive")
        if as_floats:
            name = variation_name(kind, sign, signed=signed)
            return floats(cached, run, metrics.series(session, run_id, name, epoch=epoch, after_epoch=after_epoch))
        refuse_given({"kind": kind, "sign": sign})
        arrays = metrics.named_series(session, run_id, series.VARIATIONS, epoch=epoch, after_epoch=after_epoch)
    return LossVariations(**series.classes_of(run), **series.variations(arrays, signed=signed))


def variation_name(kind: Kind | None, sign: Sign | None, *, signed: bool) -> str:
    """The series of a loss variation.

    Raises:
        Problem: 422, the sign is missing for multi label, or is given for single label.
    """
    if signed and sign is None:
        raise refusal([{"path": "sign", "message": "this run has multi-label data: ask for positive or negative"}])
    if sign is not None and not signed:
        raise refusal([{"path": "sign", "message": "is for runs on multi-label data that have measured; leave it out"}])
    name = series.ABSOLUTE if kind == "absolute" else series.VARIATION
    return f"{name}.{sign}" if sign else name


def refuse_given(parameters: Mapping[str, str | None]) -> None:
    """Refuse what JSON has no use for: it has all of them.

    Raises:
        Problem: 422.
    """
    message = "is for Accept: application/octet-stream; JSON has all of them"
    errors = [{"path": name, "message": message} for name, value in parameters.items() if value is not None]
    if errors:
        raise refusal(errors)


def floats(cached: Conditional, run: Run, arrays: Mapping[int, Series]) -> Response:
    """A per-class series as float32, with the headers that say what it is."""
    content, shape = series.floats(arrays, len(run.info.get("class_names", [])))
    return Response(content, headers={**cached.headers, **shape}, media_type=FLOATS)


@router.get(
    "/{run_id}/class-metrics",
    operation_id="getClassMetrics",
    response_model=ClassSeries,
    responses=ALSO_AS_FLOATS,
)
def get_class_metrics(
    services: Services,
    cached: Cached,
    run_id: Identifier,
    name: Annotated[Text, Query(max_length=100, description="for instance test/accuracy or lpl/q")],
    as_floats: AsFloats,
    epoch: Epoch = None,
    after_epoch: AfterEpoch = 0,
) -> ClassSeries | Response:
    """A per-class series under its own name; as floats like a loss variation."""
    with services.db.read() as session:
        run = runs.get(session, run_id)
        cached.check(run.id, run.version, as_floats)
        names = [each for each in metrics.series_names(session, run_id) if each not in metrics.NOT_BY_CLASS]
        if name not in names:
            raise NotFound(f"run {run_id} has no series {name!r}; it has {', '.join(names) or 'none yet'}")
        arrays = metrics.series(session, run_id, name, epoch=epoch, after_epoch=after_epoch)
    if as_floats:
        return floats(cached, run, arrays)
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


@router.get("/{run_id}/calibration", operation_id="getCalibration", responses=NOT_MODIFIED)
def get_calibration(services: Services, cached: Cached, run_id: Identifier) -> Calibration:
    """Examples, mean confidence and accuracy by confidence on the test set, after the last epoch.

    Of runs on single-label data that have ended; the expected calibration error is made from these bins.
    """
    with services.db.read() as session:
        run = runs.get(session, run_id)
        cached.check(run.id, run.version)
        found = metrics.calibration(session, run_id)
        if found is None:
            raise NotFound(f"run {run_id} has no calibration{why_uncalibrated(session, run)}")
    epoch, bins = found
    return Calibration(epoch=epoch, bins=series.calibration(bins))


def why_uncalibrated(session: Session, run: Run) -> str:
    """Why there is no calibration, as the end of a sentence."""
    if metrics.has_series(session, run.id, "test/average_precision"):
        return ": it is of single-label data only"
    if run.state not in ENDED:
        return " yet: it comes with the last epoch"
    return ": it was measured by an older version, ended before its last epoch or has no test examples"


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
    order: Annotated[Literal["asc", "desc"], Query(description="desc: newest first, for the end of a log")] = "asc",
    limit: Limit = 500,
    cursor: Cursor = None,
) -> LogList:
    """Log lines, oldest first or newest first; how a run failed is the last of its lines."""
    with services.db.read() as session:
        runs.get(session, run_id)
        lines = events.logs(session, run_id, after_id=after_line(cursor), newest_first=order == "desc", limit=limit + 1)
    following = cursors.encode(str(lines[limit - 1].id)) if len(lines) > limit else None
    return LogList(items=[log_entry(line) for line in lines[:limit]], next=following)


@router.get("/{run_id}/history", operation_id="getHistory")
def get_history(
    services: Services,
    run_id: Identifier,
    limit: Limit = 100,
    cursor: Cursor = None,
    kind: Annotated[list[Happened] | None, Query(max_length=4, description="only these; repeat")] = None,
) -> History:
    """What has happened to a run, newest first: states with their reasons, checkpoints, rewinds; epochs where asked."""
    with services.db.read() as session:
        runs.get(session, run_id)
        found = events.history(
            session, run_id, kinds=kind or events.HISTORY, before_id=after_line(cursor), limit=limit + 1
        )
    following = cursors.encode(str(found[limit - 1].id)) if len(found) > limit else None
    return History.model_validate(Page(found[:limit], following))


def after_line(cursor: str | None) -> int | None:
    """The id of the log line that a cursor stands after, None without one.

    Raises:
        BadCursor: no log gave it out.
    """
    if cursor is None:
        return None
    text = cursors.decode(cursor)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadCursor("cursor: not one that a log has given; start without it")
    return int(text)
