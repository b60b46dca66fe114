"""Workers and the queue."""

from fastapi import APIRouter

from api.handlers import Threaded
from api.middleware.security import READ
from api.schemas.fleet import QueueAnswer, WaitingRun, WorkerList
from api.state import Services
from store import devices, queue, workers
from store.database.records import Page
from store.lifecycle.waiting_line import waiting_line

router = APIRouter(prefix="/v1", tags=["fleet"], dependencies=[READ], route_class=Threaded)


@router.get("/workers", operation_id="listWorkers")
def list_workers(services: Services) -> WorkerList:
    """Workers' slots, those seen last first; the thousand newest."""
    with services.db.read() as session:
        seen = workers.list_workers(session, silent_after=services.settings.lease_seconds)
    return WorkerList.model_validate(Page(seen, None))


@router.get("/queue", operation_id="getQueue")
def get_queue(services: Services) -> QueueAnswer:
    """The queue as numbers, and the runs that come next with why they wait."""
    with services.db.read() as session:
        seen = workers.list_workers(session, silent_after=services.settings.lease_seconds)
        kinds = {devices.kind(worker.device) for worker in seen if worker.alive}
        return QueueAnswer(
            runs=queue.run_counts(session),
            jobs=queue.job_counts(session),
            oldest_waiting_seconds=queue.oldest_waiting_seconds(session),
            workers_alive=sum(worker.alive for worker in seen),
            waiting=[WaitingRun.model_validate(each) for each in waiting_line(session, kinds=kinds)],
        )
