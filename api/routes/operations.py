"""Workers, queue, keys, health and measurements of the service itself."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers import KeyAnswer, KeyList, QueueAnswer, WorkerList, key_answer, worker_answer
from api.parameters import Identifier
from api.security import Admin, Reader
from api.state import Services
from store import keys, queue, workers

router = APIRouter(tags=["operations"])
SILENT_AFTER_SECONDS = 60.0


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")
    scopes: list[Literal["read", "submit", "admin"]] = Field(min_length=1, max_length=3)


class Health(BaseModel):
    """That the process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", operation_id="getHealth")
def health() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", operation_id="getReadiness")
def ready(found: Services) -> Health:
    """The database answers as well; 503 while it does not."""
    found.db.ping()
    return Health()


@router.get("/metrics", operation_id="getPrometheusMetrics", response_class=Response)
def prometheus(found: Services, key: Reader) -> Response:
    """Measurements for Prometheus."""
    text = found.instruments.scrape(found.db, silent_after=SILENT_AFTER_SECONDS)
    return Response(text, media_type="text/plain; version=0.0.4")


@router.get("/v1/workers", operation_id="listWorkers")
def list_workers(found: Services, key: Reader) -> WorkerList:
    """Workers, those seen last first."""
    seen = workers.list_workers(found.db, silent_after=SILENT_AFTER_SECONDS)
    return WorkerList(items=[worker_answer(worker) for worker in seen])


@router.get("/v1/queue", operation_id="getQueue")
def get_queue(found: Services, key: Reader) -> QueueAnswer:
    """The queue as numbers."""
    seen = workers.list_workers(found.db, silent_after=SILENT_AFTER_SECONDS)
    return QueueAnswer(
        runs=queue.run_counts(found.db),
        jobs=queue.job_counts(found.db),
        oldest_waiting_seconds=queue.oldest_waiting_seconds(found.db),
        workers_alive=sum(worker.alive for worker in seen),
    )


@router.post("/v1/keys", status_code=201, operation_id="createKey")
def create_key(found: Services, key: Admin, body: Annotated[NewKey, Body()]) -> KeyAnswer:
    """Make an API key; its secret is in this answer and nowhere else."""
    made, secret = keys.create(found.db, name=body.name, scopes=body.scopes)
    return key_answer(made, secret)


@router.get("/v1/keys", operation_id="listKeys")
def list_keys(found: Services, key: Admin) -> KeyList:
    """All keys, without their secrets."""
    return KeyList(items=[key_answer(each) for each in keys.list_keys(found.db)])


@router.delete("/v1/keys/{key_id}", status_code=204, operation_id="revokeKey")
def revoke_key(found: Services, key: Admin, key_id: Identifier) -> None:
    """Make a key invalid."""
    keys.revoke(found.db, key_id)
