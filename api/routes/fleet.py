"""Workers and the queue."""

from fastapi import APIRouter

from api.middleware.security import READ
from api.schemas.answers import QueueAnswer, WorkerList, worker_answer
from api.state import Services
from store import queue, workers

router = APIRouter(prefix="/v1", tags=["fleet"], dependencies=[READ])


@router.get("/workers", operation_id="listWorkers")
def list_workers(found: Services) -> WorkerList:
    """Workers' slots, those seen last first; the thousand newest."""
    with found.db.read() as session:
        seen = workers.list_workers(session, silent_after=found.settings.lease_seconds)
    return WorkerList(items=[worker_answer(worker) for worker in seen], next=None)


@router.get("/queue", operation_id="getQueue")
def get_queue(found: Services) -> QueueAnswer:
    """The queue as numbers."""
    with found.db.read() as session:
        seen = workers.list_workers(session, silent_after=found.settings.lease_seconds)
        return QueueAnswer(
            runs=queue.run_counts(session),
            jobs=queue.job_counts(session),
            oldest_waiting_seconds=queue.oldest_waiting_seconds(session),
            workers_alive=sum(worker.alive for worker in seen),
        )
