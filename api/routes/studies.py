"""Studies: jobs that make one table."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Response

from api.conditional import NOT_MODIFIED, Cached, Conditional
from api.handlers import Threaded
from api.late import late
from api.middleware.bodies import JSON_BODY
from api.middleware.security import READ, SUBMIT, Caller
from api.parameters import Cursor, Filter, IdempotencyKey, Identifier, Limit
from api.problems import problems
from api.schemas.studies import StudyAnswer, StudyList
from api.services.studies.measured import study_page
from api.services.studies.tables import RENDERED
from api.state import Service, Services
from store import deletion, studies
from store.database.engine import Session
from store.lifecycle import requests
from store.lifecycle.states import Action, State

if TYPE_CHECKING:
    from api.services.studies import creation
else:
    creation = late("api.services.studies.creation")

router = APIRouter(
    prefix="/v1/studies", tags=["studies"], dependencies=[READ], responses=problems(404), route_class=Threaded
)
asking: dict[str, Any] = {"status_code": 202, "dependencies": [SUBMIT], "responses": problems(409)}
REQUEST: dict[str, Any] = {
    "anyOf": [
        {
            "type": "object",
            "required": ["preset"],
            "properties": {
                "preset": {"type": "string", "description": "a table or figure of the paper"},
                "scale": {"enum": ["full", "cpu"], "description": "cpu: made small, within minutes on two cores"},
                "name": {"type": "string", "minLength": 1, "maxLength": 200},
            },
        },
        {
            "type": "object",
            "required": ["name", "jobs"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 200},
                "jobs": {"type": "array", "minItems": 1, "maxItems": 500, "items": {"type": "object"}},
            },
        },
    ]
}
Request = Annotated[
    dict[str, Any],
    Body(
        description="A preset of studies, or a name and experiments as POST /v1/jobs takes them",
        json_schema_extra=REQUEST,
        openapi_examples={"table": {"value": {"preset": "table4", "scale": "cpu"}}},
    ),
]
Format = Annotated[Literal["markdown", "latex", "csv"], Query(alias="format")]
TABLES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {"schema": {"type": "string"}} for media, _, _ in RENDERED.values()}},
    **NOT_MODIFIED,
}


@router.post(
    "",
    status_code=201,
    operation_id="submitStudy",
    dependencies=[SUBMIT, JSON_BODY],
    responses=problems(409, 413, 415),
)
def submit(
    services: Services,
    key: Caller,
    response: Response,
    body: Request,
    idempotency_key: IdempotencyKey = None,
) -> StudyAnswer:
    """Submit all jobs of a table, all or none. The same Idempotency-Key with the same body returns the first answer."""
    owner = key.id if key else ""
    submitted = creation.create(services.db, services.settings, body, idempotency_key=idempotency_key, owner=owner)
    study = answer(services, submitted.study.id)
    services.doorbell.ring(sum(job.runs_total for job in study.jobs))
    response.headers["Location"] = f"/v1/studies/{study.id}"
    return study


def answer(services: Service, study_id: str) -> StudyAnswer:
    """A study with its table as it is now."""
    with services.db.read() as session:
        return study_page(session, studies.get(session, study_id))


@router.get("", operation_id="listStudies", responses=NOT_MODIFIED)
def list_studies(
    services: Services,
    cached: Cached,
    state: State | None = None,
    preset: Filter = None,
    name: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> StudyList:
    """Studies, newest first. `name` finds what it is part of, in either case; the other filters compare exactly."""
    with services.db.read() as session:
        page = studies.list_studies(session, state=state, preset=preset, name=name, limit=limit, cursor=cursor)
    cached.check([(study.id, study.version) for study in page.items], page.next)
    return StudyList.model_validate(page)


@router.get("/{study_id}", operation_id="getStudy", responses=NOT_MODIFIED)
def get(services: Services, cached: Cached, study_id: Identifier) -> StudyAnswer:
    """A study with its table: figures measured so far, beside those published."""
    with services.db.read() as session:
        return current(session, cached, study_id)


def current(session: Session, cached: Conditional, study_id: str) -> StudyAnswer:
    """A study with its table, unless the client has it already."""
    study = studies.get(session, study_id)
    cached.check(study.id, study.version, [(job.id, job.version) for job in studies.members(session, study_id)])
    return study_page(session, study)


@router.get("/{study_id}/table", operation_id="getStudyTable", response_class=Response, responses=TABLES)
def get_table(services: Services, cached: Cached, study_id: Identifier, form: Format = "markdown") -> Response:
    """The table as a text: what is measured beside what is published."""
    media, extension, render = RENDERED[form]
    with services.db.read() as session:
        study = current(session, cached, study_id)
    headers = {**cached.headers, "Content-Disposition": f'inline; filename="{study_id}.{extension}"'}
    return Response(render(study), headers=headers, media_type=f"{media}; charset=utf-8")


@router.delete(
    "/{study_id}", status_code=204, operation_id="deleteStudy", dependencies=[SUBMIT], responses=problems(409)
)
def delete(services: Services, study_id: Identifier) -> None:
    """Delete a study that has ended with its jobs and everything they recorded."""
    deletion.delete_study(services.db, study_id)


def ask(services: Service, study_id: str, action: Action) -> StudyAnswer:
    """Carry a request out and answer with the study."""
    most = services.settings.max_queued_runs
    change = partial(requests.request_study, study_id=study_id, action=action, max_queued=most)
    services.db.write(change, urgent=action == Action.CANCEL)
    study = answer(services, study_id)
    if action in (Action.RESUME, Action.RETRY):
        services.doorbell.ring(sum(job.runs_total for job in study.jobs))
    return study


@router.post("/{study_id}/cancel", operation_id="cancelStudy", **asking)
def cancel(services: Services, study_id: Identifier) -> StudyAnswer:
    """Cancel every run of its jobs that has not ended."""
    return ask(services, study_id, Action.CANCEL)


@router.post("/{study_id}/pause", operation_id="pauseStudy", **asking)
def pause(services: Services, study_id: Identifier) -> StudyAnswer:
    """Pause every run of its jobs that has not ended."""
    return ask(services, study_id, Action.PAUSE)


@router.post("/{study_id}/resume", operation_id="resumeStudy", **asking)
def resume(services: Services, study_id: Identifier) -> StudyAnswer:
    """Let paused runs of its jobs go on."""
    return ask(services, study_id, Action.RESUME)


@router.post("/{study_id}/retry", operation_id="retryStudy", **asking)
def retry(services: Services, study_id: Identifier) -> StudyAnswer:
    """A new run for every one of its jobs' that failed or was cancelled."""
    return ask(services, study_id, Action.RETRY)
