"""Workers and the queue."""

from functools import partial
from typing import Any

from fastapi import APIRouter

from api.handlers import Threaded
from api.middleware.security import ADMIN, READ
from api.parameters import Identifier
from api.problems import problems
from api.schemas.fleet import QueueAnswer, WaitingRun, WorkerAnswer, WorkerList
from api.state import Service, Services
from store import queue, workers
from store.database.records import Page
from store.lifecycle.waiting_line import waiting_line

router = APIRouter(prefix="/v1", tags=["fleet"], dependencies=[READ], route_class=Threaded)
asking: dict[str, Any] = {"status_code": 202, "dependencies": [ADMIN], "responses": problems(404)}


@router.get("/workers", operation_id="listWorkers")
def list_workers(services: Services) -> WorkerList:
    """Workers' devices, those seen last first; the thousand newest."""
    with services.db.read() as session:
        seen = workers.list_workers(session, silent_after=services.settings.lease_seconds)
    return WorkerList.model_validate(Page(seen, None))


def ask(services: Service, worker_id: str, *, draining: bool) -> WorkerAnswer:
    """Let a worker drain, or take runs again, and answer with it."""
    silent_after = services.settings.lease_seconds
    change = partial(workers.set_draining, worker_id=worker_id, draining=draining, silent_after=silent_after)
    worker = services.db.write(change)
    if not draining:
        services.doorbell.ring()
    return WorkerAnswer.model_validate(worker)


@router.post("/workers/{worker_id}/drain", operation_id="drainWorker", **asking)
def drain(services: Services, worker_id: Identifier) -> WorkerAnswer:
    """Let a worker finish what it trains and take nothing new until it is resumed; again is harmless.

    All slots of its device drain. Those of a worker that starts do not.
    """
    return ask(services, worker_id, draining=True)


@router.post("/workers/{worker_id}/resume", operation_id="resumeWorker", **asking)
def resume(services: Services, worker_id: Identifier) -> WorkerAnswer:
    """Let a worker that drains take runs again; again is harmless."""
    return ask(services, worker_id, draining=False)


@router.get("/queue", operation_id="getQueue")
def get_queue(services: Services) -> QueueAnswer:
    """The queue as numbers, and the runs that come next with why they wait."""
    with services.db.read() as session:
        seen = workers.list_workers(session, silent_after=services.settings.lease_seconds)
        kinds = workers.kinds_that_claim(seen)
        return QueueAnswer(
            runs=queue.run_counts(session),
            jobs=queue.job_counts(session),
            oldest_waiting_seconds=queue.oldest_waiting_seconds(session),
            workers_alive=sum(worker.alive for worker in seen),
            waiting=[WaitingRun.model_validate(each) for each in waiting_line(session, kinds=kinds)],
        )
