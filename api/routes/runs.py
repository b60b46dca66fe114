"""Runs: follow and ask."""

from functools import partial
from typing import Any

from fastapi import APIRouter

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.middleware.security import READ, SUBMIT
from api.parameters import Identifier
from api.problems import problems
from api.schemas.answers import RunAnswer
from api.state import Service, Services
from store.lifecycle import requests, runs
from store.lifecycle.states import Action

router = APIRouter(prefix="/v1/runs", tags=["runs"], dependencies=[READ], responses=problems(404), route_class=Threaded)
asking: dict[str, Any] = {"status_code": 202, "dependencies": [SUBMIT], "responses": problems(409)}


@router.get("/{run_id}", operation_id="getRun", responses=NOT_MODIFIED)
def get(services: Services, cached: Cached, run_id: Identifier) -> RunAnswer:
    """A run."""
    with services.db.read() as session:
        run = runs.get(session, run_id)
    cached.check(run.id, run.version)
    return RunAnswer.model_validate(run)


def ask(services: Service, run_id: str, action: Action) -> RunAnswer:
    """Carry a request out and answer with the run."""
    change = partial(requests.request_run, run_id=run_id, action=action, max_queued=services.settings.max_queued_runs)
    run = services.db.write(change, urgent=action == Action.CANCEL)
    if action in (Action.RESUME, Action.RETRY):
        services.doorbell.ring()
    return RunAnswer.model_validate(run)


@router.post("/{run_id}/cancel", operation_id="cancelRun", **asking)
def cancel(services: Services, run_id: Identifier) -> RunAnswer:
    """Cancel a run."""
    return ask(services, run_id, Action.CANCEL)


@router.post("/{run_id}/pause", operation_id="pauseRun", **asking)
def pause(services: Services, run_id: Identifier) -> RunAnswer:
    """Pause a run after a checkpoint."""
    return ask(services, run_id, Action.PAUSE)


@router.post("/{run_id}/resume", operation_id="resumeRun", **asking)
def resume(services: Services, run_id: Identifier) -> RunAnswer:
    """Let a paused run go on."""
    return ask(services, run_id, Action.RESUME)


@router.post("/{run_id}/retry", operation_id="retryRun", **asking)
def retry(services: Services, run_id: Identifier) -> RunAnswer:
    """A new run in the place of one that failed or was cancelled; it is the answer."""
    return ask(services, run_id, Action.RETRY)
