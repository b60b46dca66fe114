"""Runs: follow and ask."""

from typing import Any

from fastapi import APIRouter, Response

from api.conditional import NOT_MODIFIED, Cached
from api.middleware.security import READ, SUBMIT
from api.parameters import Identifier
from api.problems import problems
from api.schemas.answers import RunAnswer
from api.state import Service, Services
from store.lifecycle import requests, runs

router = APIRouter(prefix="/v1/runs", tags=["runs"], dependencies=[READ], responses=problems(404))
asking: dict[str, Any] = {"status_code": 202, "dependencies": [SUBMIT], "responses": problems(409)}


@router.get("/{run_id}", operation_id="getRun", response_model=RunAnswer, responses=NOT_MODIFIED)
def get(services: Services, cached: Cached, run_id: Identifier) -> RunAnswer | Response:
    """A run."""
    with services.db.read() as session:
        run = runs.get(session, run_id)
    return cached.unchanged(run.id, run.version) or RunAnswer.model_validate(run)


def ask(services: Service, run_id: str, action: str) -> RunAnswer:
    """Carry a request out and answer with the run."""
    limit = services.settings.max_queued_runs
    run = services.db.write(
        lambda session: requests.request_run(session, run_id, action, max_queued=limit), urgent=action == "cancel"
    )
    if action in ("resume", "retry"):
        services.doorbell.ring()
    return RunAnswer.model_validate(run)


@router.post("/{run_id}/cancel", operation_id="cancelRun", **asking)
def cancel(services: Services, run_id: Identifier) -> RunAnswer:
    """Cancel a run."""
    return ask(services, run_id, "cancel")


@router.post("/{run_id}/pause", operation_id="pauseRun", **asking)
def pause(services: Services, run_id: Identifier) -> RunAnswer:
    """Pause a run after a checkpoint."""
    return ask(services, run_id, "pause")


@router.post("/{run_id}/resume", operation_id="resumeRun", **asking)
def resume(services: Services, run_id: Identifier) -> RunAnswer:
    """Let a paused run go on."""
    return ask(services, run_id, "resume")


@router.post("/{run_id}/retry", operation_id="retryRun", **asking)
def retry(services: Services, run_id: Identifier) -> RunAnswer:
    """A new run in the place of one that failed or was cancelled; it is the answer."""
    return ask(services, run_id, "retry")
