"""Jobs: submit, list, follow, ask, delete."""

from typing import Any

from fastapi import APIRouter, Response

from api.conditional import NOT_MODIFIED, Cached
from api.middleware.bodies import JSON_BODY, Experiment
from api.middleware.security import READ, SUBMIT, Caller
from api.parameters import Cursor, Filter, IdempotencyKey, Identifier, Limit
from api.problems import problems
from api.schemas.answers import JobAnswer, JobList, RunList, Validation, job_answer
from api.services import submission
from api.state import Service, Services
from store import deletion, jobs
from store.database.records import Job
from store.lifecycle import requests
from store.lifecycle.states import State

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[READ], responses=problems(404))
RUNS_SHOWN = 100
asking: dict[str, Any] = {"status_code": 202, "dependencies": [SUBMIT], "responses": problems(409)}


def shown(services: Service, job: Job) -> JobAnswer:
    """A job with its first runs and its summary."""
    runs = jobs.list_runs(services.db, job.id, limit=RUNS_SHOWN).items
    return job_answer(job, runs, jobs.summary(services.db, job.id))


@router.post(
    "",
    status_code=201,
    operation_id="submitJob",
    dependencies=[SUBMIT, JSON_BODY],
    responses=problems(409, 413, 415),
)
def submit(
    services: Services, key: Caller, response: Response, body: Experiment, idempotency_key: IdempotencyKey = None
) -> JobAnswer:
    """Submit an experiment. The same Idempotency-Key with the same body returns the first answer."""
    owner = key.id if key else ""
    submitted = submission.submit(services.db, services.settings, body, idempotency_key=idempotency_key, owner=owner)
    services.doorbell.ring()
    response.headers["Location"] = f"/v1/jobs/{submitted.job.id}"
    return shown(services, submitted.job)


@router.post("/validate", operation_id="validateJob", dependencies=[JSON_BODY], responses=problems(413, 415))
def validate(services: Services, body: Experiment) -> Validation:
    """What would run; nothing is started."""
    spec, plan, info = submission.checked(services.db, services.settings, body)
    return Validation(
        spec=spec.model_dump(mode="json"),
        runs_total=len(plan),
        class_counts=list(info.class_counts),
        imbalance_factor=info.imbalance_factor,
        classes=list(info.classes),
        num_train=info.num_train,
        num_validation=info.num_validation,
        num_test=info.num_test,
        notes=list(info.notes),
    )


@router.get("", operation_id="listJobs", response_model=JobList, responses=NOT_MODIFIED)
def list_jobs(
    services: Services,
    cached: Cached,
    state: State | None = None,
    tag: Filter = None,
    name: Filter = None,
    dataset: Filter = None,
    method: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JobList | Response:
    """Jobs, newest first.

    `name` finds what it is part of, in either case. The other filters compare exactly; `method` and `dataset` find jobs
    of which any run has it.
    """
    page = jobs.list_jobs(
        services.db, state=state, tag=tag, name=name, dataset=dataset, method=method, limit=limit, cursor=cursor
    )
    answer = JobList.model_validate(page)
    return cached.unchanged([(job.id, job.version) for job in page.items], page.next) or answer


@router.get("/{job_id}", operation_id="getJob", response_model=JobAnswer, responses=NOT_MODIFIED)
def get(services: Services, cached: Cached, job_id: Identifier) -> JobAnswer | Response:
    """A job with its complete spec, its first 100 runs and its summary."""
    job = jobs.get(services.db, job_id)
    return cached.unchanged(job.id, job.version) or shown(services, job)


@router.get("/{job_id}/runs", operation_id="listRuns", response_model=RunList, responses=NOT_MODIFIED)
def list_runs(
    services: Services, cached: Cached, job_id: Identifier, limit: Limit = 100, cursor: Cursor = None
) -> RunList | Response:
    """Runs of a job in the order of submission, retries last."""
    page = jobs.list_runs(services.db, job_id, limit=limit, cursor=cursor)
    answer = RunList.model_validate(page)
    return cached.unchanged([(run.id, run.version) for run in page.items], page.next) or answer


@router.delete("/{job_id}", status_code=204, operation_id="deleteJob", dependencies=[SUBMIT], responses=problems(409))
def delete(services: Services, job_id: Identifier) -> None:
    """Delete a job that has ended with everything it recorded."""
    deletion.delete_job(services.db, job_id)


def ask(services: Service, job_id: str, action: str) -> JobAnswer:
    """Carry a request out and answer with the job."""
    limit = services.settings.max_queued_runs
    job = services.db.write(
        lambda session: requests.request_job(session, job_id, action, max_queued=limit), urgent=action == "cancel"
    )
    if action in ("resume", "retry"):
        services.doorbell.ring()
    return shown(services, job)


@router.post("/{job_id}/cancel", operation_id="cancelJob", **asking)
def cancel(services: Services, job_id: Identifier) -> JobAnswer:
    """Cancel every run that has not ended."""
    return ask(services, job_id, "cancel")


@router.post("/{job_id}/pause", operation_id="pauseJob", **asking)
def pause(services: Services, job_id: Identifier) -> JobAnswer:
    """Pause every run that has not ended."""
    return ask(services, job_id, "pause")


@router.post("/{job_id}/resume", operation_id="resumeJob", **asking)
def resume(services: Services, job_id: Identifier) -> JobAnswer:
    """Let paused runs go on."""
    return ask(services, job_id, "resume")


@router.post("/{job_id}/retry", operation_id="retryJob", **asking)
def retry(services: Services, job_id: Identifier) -> JobAnswer:
    """A new run for every one that failed or was cancelled."""
    return ask(services, job_id, "retry")
