"""Runs: follow, ask, read what they measured."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.answers import (
    CheckpointAnswer,
    ClassMetrics,
    ConfusionMatrix,
    LogEntry,
    Logs,
    LossVariations,
    Metrics,
    RunAnswer,
    at,
    checkpoint_answer,
    run_answer,
)
from api.caching import etag_of, unchanged
from api.parameters import Epoch, Identifier, Limit
from api.security import Reader, Submitter
from api.series_answers import classes_of, rows, stacked
from api.state import Service, Services
from store import checkpoints, events, metrics, requests, runs
from store.errors import NotFound

router = APIRouter(prefix="/v1/runs", tags=["runs"])
VARIATION = "relative_loss_variation"


@router.get("/{run_id}", operation_id="getRun", response_model=RunAnswer)
def get(
    found: Services, key: Reader, request: Request, response: Response, run_id: Identifier
) -> RunAnswer | Response:
    """A run."""
    run = runs.get(found.db, run_id)
    return unchanged(request, response, etag_of([run.id, run.version])) or run_answer(run)


def ask(found: Service, run_id: str, action: str) -> RunAnswer:
    """Carry a request out and answer with the run."""
    run = requests.request_run(found.db, run_id, action)
    if action in ("resume", "retry"):
        found.doorbell.ring()
    return run_answer(run)


@router.post("/{run_id}/cancel", status_code=202, operation_id="cancelRun")
def cancel(found: Services, key: Submitter, run_id: Identifier) -> RunAnswer:
    """Cancel a run."""
    return ask(found, run_id, "cancel")


@router.post("/{run_id}/pause", status_code=202, operation_id="pauseRun")
def pause(found: Services, key: Submitter, run_id: Identifier) -> RunAnswer:
    """Pause a run after a checkpoint."""
    return ask(found, run_id, "pause")


@router.post("/{run_id}/resume", status_code=202, operation_id="resumeRun")
def resume(found: Services, key: Submitter, run_id: Identifier) -> RunAnswer:
    """Let a paused run go on."""
    return ask(found, run_id, "resume")


@router.post("/{run_id}/retry", status_code=202, operation_id="retryRun")
def retry(found: Services, key: Submitter, run_id: Identifier) -> RunAnswer:
    """A new run in the place of one that failed or was cancelled; it is the answer."""
    return ask(found, run_id, "retry")


@router.get("/{run_id}/metrics", operation_id="getMetrics", response_model=Metrics)
def get_metrics(
    found: Services,
    key: Reader,
    request: Request,
    response: Response,
    run_id: Identifier,
    names: Annotated[list[str] | None, Query(max_length=200, description="names, repeated or joined by commas")] = None,
    after_epoch: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Metrics | Response:
    """Scalars per epoch."""
    run = runs.get(found.db, run_id)
    wanted = [name for part in names for name in part.split(",")] if names else None
    etag = etag_of([run.id, run.version, wanted, after_epoch])
    curves = metrics.metrics(found.db, run_id, names=wanted, after_epoch=after_epoch)
    return unchanged(request, response, etag) or Metrics.model_validate({"metrics": curves})


@router.get(
    "/{run_id}/loss-variations",
    operation_id="getLossVariations",
    response_model=LossVariations,
    response_model_exclude_none=False,
    response_model_exclude_unset=True,
)
def get_loss_variations(found: Services, key: Reader, run_id: Identifier, epoch: Epoch = None) -> LossVariations:
    """Relative loss variation (l' - l) / l per class and epoch; null where undefined."""
    run = runs.get(found.db, run_id)
    one = metrics.series(found.db, run_id, VARIATION, epoch=epoch)
    if one or not (signed := metrics.series(found.db, run_id, f"{VARIATION}.positive", epoch=epoch)):
        return LossVariations(
            **classes_of(run), epochs=list(one), relative_loss_variation=stacked(one, list(one))
        )
    negative = metrics.series(found.db, run_id, f"{VARIATION}.negative", epoch=epoch)
    epochs = list(signed)
    return LossVariations(
        **classes_of(run), epochs=epochs, positive=stacked(signed, epochs), negative=stacked(negative, epochs)
    )


@router.get("/{run_id}/class-metrics", operation_id="getClassMetrics")
def get_class_metrics(
    found: Services,
    key: Reader,
    run_id: Identifier,
    name: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")],
    epoch: Epoch = None,
) -> ClassMetrics:
    """A per-class series, such as `test/accuracy` or `lpl/q`."""
    run = runs.get(found.db, run_id)
    series = metrics.series(found.db, run_id, name, epoch=epoch)
    if not series:
        known = [each for each in metrics.series_names(found.db, run_id) if each != "confusion_matrix"]
        if name not in known and known:
            raise NotFound(f"run {run_id} has no class metric {name!r}; it has {', '.join(known)}")
    epochs = list(series)
    return ClassMetrics(name=name, **classes_of(run), epochs=epochs, values=stacked(series, epochs))


@router.get("/{run_id}/confusion-matrix", operation_id="getConfusionMatrix")
def get_confusion_matrix(found: Services, key: Reader, run_id: Identifier) -> ConfusionMatrix:
    """Test examples by true and predicted class, of the newest epoch."""
    run = runs.get(found.db, run_id)
    newest = metrics.latest_series(found.db, run_id, "confusion_matrix")
    classes = classes_of(run)["classes"]
    if newest is None:
        return ConfusionMatrix(classes=classes, epoch=None, matrix=[])
    return ConfusionMatrix(classes=classes, epoch=newest[0], matrix=rows(newest[1]))


@router.get("/{run_id}/checkpoints", operation_id="listCheckpoints")
def list_checkpoints(found: Services, key: Reader, run_id: Identifier) -> list[CheckpointAnswer]:
    """Checkpoints of a run, oldest first."""
    runs.get(found.db, run_id)
    return [checkpoint_answer(checkpoint) for checkpoint in checkpoints.list_for_run(found.db, run_id)]


@router.get("/{run_id}/logs", operation_id="getLogs")
def get_logs(
    found: Services,
    key: Reader,
    run_id: Identifier,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Limit = 500,
) -> Logs:
    """Log lines, oldest first."""
    runs.get(found.db, run_id)
    lines = events.logs(found.db, run_id, after_id=after, limit=limit)
    items = [
        LogEntry(
            id=line.id,
            at=at(line.created_at),
            attempt=line.data.get("attempt"),
            level=line.data["level"],
            message=line.data["message"],
        )
        for line in lines
    ]
    return Logs(items=items, next=items[-1].id if len(items) == limit else None)
