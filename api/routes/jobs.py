"""Jobs: submit, list, follow, ask, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from api import submission
from api.answers import JobAnswer, JobList, RunList, Validation, job_listed, run_answer
from api.caching import etag_of, unchanged
from api.parameters import Cursor, Filter, IdempotencyKey, Identifier, Limit
from api.security import Reader, Submitter
from api.state import Service, Services
from store import jobs, requests
from store.records import Job, State

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
RUNS_SHOWN = 100
Experiment = Annotated[dict[str, Any], Body(description="An experiment; its schema is at /v1/schema/experiment")]


def job_answer(found: Service, job: Job) -> JobAnswer:
    """A job with its first runs and its summary."""
    runs = jobs.list_runs(found.db, job.id, limit=RUNS_SHOWN).items
    summary = jobs.summary(found.db, job.id)
    listed = job_listed(job).model_dump()
    return JobAnswer(**listed, spec=job.spec, runs=[run_answer(run) for run in runs], summary=summary)


@router.post("", status_code=201, operation_id="submitJob")
def submit(
    found: Services, key: Submitter, response: Response, body: Experiment, idempotency_key: IdempotencyKey = None
) -> JobAnswer:
    """Submit an experiment. The same Idempotency-Key with the same body returns the first answer."""
    owner = key.id if key else ""
    made = submission.submit(found.db, found.settings, body, idempotency_key=idempotency_key, owner=owner)
    found.doorbell.ring()
    response.headers["Location"] = f"/v1/jobs/{made.job.id}"
    return job_answer(found, made.job)


@router.post("/validate", operation_id="validateJob")
def validate(found: Services, key: Reader, body: Experiment) -> Validation:
    """What would run; nothing is started."""
    spec, plan, info = submission.planned(found.db, found.settings, body)
    return Validation(
        spec=spec.model_dump(mode="json"),
        runs_total=len(plan),
        class_counts=list(info.class_counts),
        classes=list(info.classes),
        num_train=info.num_train,
        num_validation=info.num_validation,
        num_test=info.num_test,
        notes=list(info.notes),
    )


@router.get("", operation_id="listJobs", response_model=JobList)
def list_jobs(
    found: Services,
    key: Reader,
    request: Request,
    response: Response,
    state: State | None = None,
    tag: Filter = None,
    name: Filter = None,
    dataset: Filter = None,
    method: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JobList | Response:
    """Jobs, newest first."""
    filters = {"state": state, "tag": tag, "name": name, "dataset": dataset, "method": method}
    page = jobs.list_jobs(found.db, **filters, limit=limit, cursor=cursor)
    etag = etag_of([(job.id, job.version) for job in page.items])
    answer = JobList(items=[job_listed(job) for job in page.items], next=page.next)
    return unchanged(request, response, etag) or answer


@router.get("/{job_id}", operation_id="getJob", response_model=JobAnswer)
def get(
    found: Services, key: Reader, request: Request, response: Response, job_id: Identifier
) -> JobAnswer | Response:
    """A job with its complete spec, its first 100 runs and its summary."""
    job = jobs.get(found.db, job_id)
    return unchanged(request, response, etag_of([job.id, job.version])) or job_answer(found, job)


@router.get("/{job_id}/runs", operation_id="listRuns")
def list_runs(
    found: Services, key: Reader, job_id: Identifier, limit: Limit = 100, cursor: Cursor = None
) -> RunList:
    """Runs of a job in the order of submission, retries last."""
    page = jobs.list_runs(found.db, job_id, limit=limit, cursor=cursor)
    return RunList(items=[run_answer(run) for run in page.items], next=page.next)


def ask(found: Service, job_id: str, action: str) -> JobAnswer:
    """Carry a request out and answer with the job."""
    job = requests.request_job(found.db, job_id, action)
    if action in ("resume", "retry"):
        found.doorbell.ring()
    return job_answer(found, job)


@router.post("/{job_id}/cancel", status_code=202, operation_id="cancelJob")
def cancel(found: Services, key: Submitter, job_id: Identifier) -> JobAnswer:
    """Cancel every run that has not ended."""
    return ask(found, job_id, "cancel")


@router.post("/{job_id}/pause", status_code=202, operation_id="pauseJob")
def pause(found: Services, key: Submitter, job_id: Identifier) -> JobAnswer:
    """Pause every run that has not ended."""
    return ask(found, job_id, "pause")


@router.post("/{job_id}/resume", status_code=202, operation_id="resumeJob")
def resume(found: Services, key: Submitter, job_id: Identifier) -> JobAnswer:
    """Let paused runs go on."""
    return ask(found, job_id, "resume")


@router.post("/{job_id}/retry", status_code=202, operation_id="retryJob")
def retry(found: Services, key: Submitter, job_id: Identifier) -> JobAnswer:
    """A new run for every one that failed or was cancelled."""
    return ask(found, job_id, "retry")


@router.delete("/{job_id}", status_code=204, operation_id="deleteJob")
def delete(found: Services, key: Submitter, job_id: Identifier) -> None:
    """Delete a job that has ended with everything it recorded."""
    jobs.delete_job(found.db, job_id)
