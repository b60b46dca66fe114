"""Server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.parameters import Identifier
from api.security import Reader
from api.state import Service, Services
from store import events, jobs, runs
from store.errors import NotFound
from store.records import ENDED

router = APIRouter(prefix="/v1", tags=["events"])
LastEventId = Annotated[str | None, Header(max_length=100)]
Selected = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z]_[0-9a-f]{1,38}$")]


class Selection:
    """Which events a stream carries: those of a job, of a run, or all."""

    def __init__(self, job: str | None, run: str | None) -> None:
        self.job, self.run = job, run


def of_query(found: Services, key: Reader, job: Selected = None, run: Selected = None) -> Selection:
    """The selection of `?job=&run=`."""
    if run is not None:
        return Selection(runs.get(found.db, run).job_id, run)
    return Selection(jobs.get(found.db, job).id if job else None, None)


def of_job(found: Services, key: Reader, job_id: Identifier) -> Selection:
    """The selection of a job's stream."""
    return Selection(jobs.get(found.db, job_id).id, None)


def of_run(found: Services, key: Reader, run_id: Identifier) -> Selection:
    """The selection of a run's stream."""
    return Selection(runs.get(found.db, run_id).job_id, run_id)


def starting_point(found: Service, last_event_id: str | None, selection: Selection) -> tuple[int | None, bool]:
    """(id after which the stream starts, whether it must say `reset`); a job's or run's stream starts with its past."""
    if last_event_id is None or not last_event_id:
        return (None if selection.job is None else 0), False
    oldest, latest = events.bounds(found.db)
    asked = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else -1
    if asked > latest or asked < oldest - 1:
        return latest, True
    return asked, False


def ended(found: Service, job_id: str) -> bool:
    """Whether a job has ended or is gone."""
    try:
        return jobs.get(found.db, job_id).state in ENDED
    except NotFound:
        return True


def nothing_follows(found: Service, selection: Selection, start: int) -> bool:
    """Whether the job has ended and its log has nothing beyond an id."""
    if selection.job is None or not ended(found, selection.job):
        return False
    return not events.after(found.db, start, job=selection.job, limit=1)


async def stream(found: Service, selection: Selection, last_event_id: str | None) -> AsyncIterator[ServerSentEvent]:
    """The events of a selection; closes after `end` where the job has really ended (a retry may have followed)."""
    start, reset = await run_in_threadpool(starting_point, found, last_event_id, selection)
    if start is not None and not reset and await run_in_threadpool(nothing_follows, found, selection, start):
        yield ServerSentEvent(data={"job": selection.job}, event="end", id=str(start))
        return
    if reset:
        yield ServerSentEvent(data={"reason": "the asked id is not in the log; read again"}, event="reset", id=str(start))
        if selection.job is not None and await run_in_threadpool(ended, found, selection.job):
            yield ServerSentEvent(data={"job": selection.job}, event="end", id=str(start))
            return
    async for event in found.hub.stream(job=selection.job, run=selection.run, after=start):
        if event is None:
            yield ServerSentEvent(data={"reason": "the stream fell behind; read again"}, event="reset")
            return
        if event.kind == "end" and selection.job is not None:
            if not await run_in_threadpool(ended, found, selection.job):
                continue
            yield ServerSentEvent(data=event.data, event="end", id=str(event.id))
            return
        yield ServerSentEvent(data=event.data, event=event.kind, id=str(event.id))


@router.get("/events", operation_id="streamEvents", response_class=EventSourceResponse)
async def all_events(
    found: Services, selection: Annotated[Selection, Depends(of_query)], last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Events of a job, of a run, or of everything from now on."""
    async for event in stream(found, selection, last_event_id):
        yield event


@router.get("/jobs/{job_id}/events", operation_id="streamJobEvents", response_class=EventSourceResponse)
async def job_events(
    found: Services, selection: Annotated[Selection, Depends(of_job)], last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Events of a job from its beginning, until it has ended."""
    async for event in stream(found, selection, last_event_id):
        yield event


@router.get("/runs/{run_id}/events", operation_id="streamRunEvents", response_class=EventSourceResponse)
async def run_events(
    found: Services, selection: Annotated[Selection, Depends(of_run)], last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Events of a run from its beginning, until its job has ended."""
    async for event in stream(found, selection, last_event_id):
        yield event
