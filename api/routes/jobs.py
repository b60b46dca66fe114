"""Jobs: submit, list, follow, ask, extend, delete."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.conditional import NOT_MODIFIED, Cached
from api.handlers import Threaded
from api.late import late
from api.middleware.bodies import JSON_BODY, Experiment
from api.middleware.security import READ, SUBMIT, Caller
from api.parameters import Bounds, Cursor, Filter, IdempotencyKey, Identifier, Limit, Parent, Sort, SortedCursor, Text
from api.problems import problems
from api.schemas.answers import JobAnswer, JobList, RunList, Validation, job_answer
from api.schemas.extension import Extension
from api.services.extending import extend_job
from api.services.job_page import job_page
from api.state import Service, Services
from store import deletion, job_edits, jobs
from store.job_order import bound_of, order_of
from store.lifecycle import requests
from store.lifecycle.states import Action, State

if TYPE_CHECKING:
    from api.services import submission
else:
    submission = late("api.services.submission")

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[READ], responses=problems(404), route_class=Threaded)
asking: dict[str, Any] = {"status_code": 202, "dependencies": [SUBMIT], "responses": problems(409)}


Tag = Annotated[Text, Field(min_length=1, max_length=100)]


class JobChanges(BaseModel):
    """What to change of a job; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(default="", max_length=200)
    tags: list[Tag] = Field(default=[], max_length=50)
    notes: Text = Field(default="", max_length=20_000, description="free text, as Markdown or plain")
    archived: StrictBool = Field(default=False, description="whether the job is left out of the list of jobs")


@router.post(
    "",
    status_code=201,
    operation_id="submitJob",
    dependencies=[SUBMIT, JSON_BODY],
    responses=problems(409, 413, 415),
)
def submit(
    services: Services,
    key: Caller,
    response: Response,
    body: Experiment,
    idempotency_key: IdempotencyKey = None,
    parent: Parent = None,
) -> JobAnswer:
    """Submit an experiment. The same Idempotency-Key with the same body returns the first answer."""
    owner = key.id if key else ""
    submitted = submission.submit(
        services.db, services.settings, body, idempotency_key=idempotency_key, owner=owner, parent=parent
    )
    services.doorbell.ring(submitted.job.runs_total)
    response.headers["Location"] = f"/v1/jobs/{submitted.job.id}"
    return answer(services, submitted.job.id)


def answer(services: Service, job_id: str) -> JobAnswer:
    """A job with its first runs and its summary, as they are now."""
    with services.db.read() as session:
        page = job_page(session, jobs.get(session, job_id))
    return job_answer(*page)


@router.post("/validate", operation_id="validateJob", dependencies=[JSON_BODY], responses=problems(413, 415))
def validate(services: Services, body: Experiment) -> Validation:
    """What would run; nothing is started."""
    spec, plan, info = submission.checked(services.db, services.settings, body)
    return Validation(
        spec=spec.model_dump(mode="json"),
        runs_total=submission.runs_in(spec) or len(plan),
        class_counts=list(info.class_counts),
        imbalance_factor=info.imbalance_factor,
        classes=list(info.classes),
        num_train=info.num_train,
        num_validation=info.num_validation,
        num_test=info.num_test,
        notes=[*spec.notes, *info.notes],
        cache_bytes=info.cache_bytes,
    )


@router.get("", operation_id="listJobs", responses=NOT_MODIFIED)
def list_jobs(
    services: Services,
    cached: Cached,
    state: State | None = None,
    tag: Filter = None,
    name: Filter = None,
    dataset: Filter = None,
    method: Filter = None,
    bounds: Bounds = [],  # noqa: B006  # FastAPI copies it
    archived: bool = False,
    sort: Sort = "-created_at",
    limit: Limit = 50,
    cursor: SortedCursor = None,
) -> JobList:
    """Jobs, newest first or as `sort` says.

    `name` finds what it is part of, in either case. The other filters compare exactly; `method` and `dataset` find jobs
    of which any run has it. Archived jobs are a list of their own. A `cursor` goes on in the order that it comes from;
    what changes meanwhile shows after a reload.
    """
    filters = {"state": state, "tag": tag, "name": name, "dataset": dataset, "method": method}
    order, kept = order_of(sort), [bound_of(text) for text in bounds]
    with services.db.read() as session:
        page = jobs.list_jobs(
            session, **filters, archived=archived, bounds=kept, order=order, limit=limit, cursor=cursor
        )
    cached.check([(job.id, job.version) for job in page.items], page.next)
    return JobList.model_validate(page)


@router.get("/{job_id}", operation_id="getJob", responses=NOT_MODIFIED)
def get(services: Services, cached: Cached, job_id: Identifier) -> JobAnswer:
    """A job with its complete spec, its first 100 runs and its summary."""
    with services.db.read() as session:
        job = jobs.get(session, job_id)
        cached.check(job.id, job.version)
        page = job_page(session, job)
    return job_answer(*page)


@router.get("/{job_id}/runs", operation_id="listRuns", responses=NOT_MODIFIED)
def list_runs(
    services: Services, cached: Cached, job_id: Identifier, limit: Limit = 100, cursor: Cursor = None
) -> RunList:
    """Runs of a job in the order of submission, retries last."""
    with services.db.read() as session:
        page = jobs.list_runs(session, job_id, limit=limit, cursor=cursor)
    cached.check([(run.id, run.version) for run in page.items], page.next)
    return RunList.model_validate(page)


@router.patch("/{job_id}", operation_id="editJob", dependencies=[SUBMIT, JSON_BODY], responses=problems(413, 415))
def edit(services: Services, job_id: Identifier, body: Annotated[JobChanges, Body()]) -> JobAnswer:
    """Change a job's name, tags or notes, or archive it; what is left out stays, and so does the spec."""
    changes = body.model_dump(exclude_unset=True)
    services.db.write(partial(job_edits.edit, job_id=job_id, changes=changes))
    return answer(services, job_id)


@router.delete("/{job_id}", status_code=204, operation_id="deleteJob", dependencies=[SUBMIT], responses=problems(409))
def delete(services: Services, job_id: Identifier) -> None:
    """Delete a job that has ended with everything it recorded."""
    deletion.delete_job(services.db, job_id)


def ask(services: Service, job_id: str, action: Action) -> JobAnswer:
    """Carry a request out and answer with the job."""
    change = partial(requests.request_job, job_id=job_id, action=action, max_queued=services.settings.max_queued_runs)
    services.db.write(change, urgent=action == Action.CANCEL)
    job = answer(services, job_id)
    if action in (Action.RESUME, Action.RETRY):
        services.doorbell.ring(job.runs_total)
    return job


@router.post("/{job_id}/cancel", operation_id="cancelJob", **asking)
def cancel(services: Services, job_id: Identifier) -> JobAnswer:
    """Cancel every run that has not ended."""
    return ask(services, job_id, Action.CANCEL)


@router.post("/{job_id}/pause", operation_id="pauseJob", **asking)
def pause(services: Services, job_id: Identifier) -> JobAnswer:
    """Pause every run that has not ended."""
    return ask(services, job_id, Action.PAUSE)


@router.post("/{job_id}/resume", operation_id="resumeJob", **asking)
def resume(services: Services, job_id: Identifier) -> JobAnswer:
    """Let paused runs go on."""
    return ask(services, job_id, Action.RESUME)


@router.post("/{job_id}/retry", operation_id="retryJob", **asking)
def retry(services: Services, job_id: Identifier) -> JobAnswer:
    """A new run for every one that failed or was cancelled."""
    return ask(services, job_id, Action.RETRY)


@router.post(
    "/{job_id}/extend",
    status_code=202,
    operation_id="extendJob",
    dependencies=[SUBMIT, JSON_BODY],
    responses=problems(409, 413, 415),
)
def extend(services: Services, job_id: Identifier, body: Annotated[Extension, Body()]) -> JobAnswer:
    """A new run for every one of these seeds at every sweep point that lacks it; a job that has ended waits again.

    The job's spec names the seeds from then on. Where no point lacks any, the job stays as it is. Of a search, the
    finalists get the seeds, or so many `trials` more are tried.
    """
    services.db.write(
        partial(extend_job, job_id=job_id, settings=services.settings, seeds=body.seeds, trials=body.trials)
    )
    job = answer(services, job_id)
    services.doorbell.ring(job.runs_total)
    return job
