"""Server-sent events."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.concurrency import run_in_threadpool

from api.middleware.security import READ, Caller
from api.parameters import Identifier, Selected
from api.problems import problems
from api.state import Service, Services
from api.streams.sse import HEADERS, EventStream, Follower, last_event_id
from store import jobs
from store.database.engine import Database
from store.database.records import ApiKey
from store.lifecycle import runs

router = APIRouter(prefix="/v1", tags=["events"], dependencies=[READ], responses=problems(404))
LastEventId = Annotated[str | None, Header(max_length=100, description="the last id seen; the stream goes on there")]
After = Annotated[int | None, Query(ge=0, lt=2**63, description="as Last-Event-ID, for the first connection")]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
streaming: dict[str, Any] = {"response_class": EventStream, "responses": STREAM}


async def follow(
    services: Service, key: ApiKey | None, *, job: str | None, run: str | None, header: str | None, after: int | None
) -> EventStream:
    """The stream of a job, a run or everything; what does not exist is refused before it begins."""
    await run_in_threadpool(refuse_unknown, services.db, job=job, run=run)
    bounds = await services.feed.bounds()  # now, not when the stream begins: what comes after the answer is not missed
    asked = last_event_id(header, after)
    admitted = partial(services.keys.admits, key)
    follower = Follower(services.db, services.feed, job=job, run=run, after=asked, bounds=bounds, admitted=admitted)
    return EventStream(follower.stream(), headers=HEADERS)


def refuse_unknown(db: Database, *, job: str | None, run: str | None) -> None:
    """See that what is to be followed exists.

    Raises:
        NotFound: it does not, or it is being deleted.
    """
    with db.read() as session:
        if job is not None:
            jobs.get(session, job)
        if run is not None:
            runs.get(session, run)


@router.get("/events", operation_id="streamEvents", **streaming)
async def all_events(
    services: Services,
    key: Caller,
    job: Selected = None,
    run: Selected = None,
    last_event_id: LastEventId = None,
    after: After = None,
) -> EventStream:
    """Events of a job or a run from its beginning, or of everything from now on."""
    return await follow(services, key, job=job, run=run, header=last_event_id, after=after)


@router.get("/jobs/{job_id}/events", operation_id="streamJobEvents", **streaming)
async def job_events(
    services: Services, key: Caller, job_id: Identifier, last_event_id: LastEventId = None, after: After = None
) -> EventStream:
    """Events of a job from its beginning until it has ended."""
    return await follow(services, key, job=job_id, run=None, header=last_event_id, after=after)


@router.get("/runs/{run_id}/events", operation_id="streamRunEvents", **streaming)
async def run_events(
    services: Services, key: Caller, run_id: Identifier, last_event_id: LastEventId = None, after: After = None
) -> EventStream:
    """Events of a run from its beginning until it has ended."""
    return await follow(services, key, job=None, run=run_id, header=last_event_id, after=after)
