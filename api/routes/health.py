"""Health, readiness and measurements."""

from typing import Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.middleware.security import READ
from api.state import Service, Services
from store import workers

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """That the process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", operation_id="getHealth")
async def health() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", operation_id="getReadiness")
async def ready(services: Services) -> Health:
    """The database answers as well and has this version's tables, and workers hear wake-ups; 503 while not."""
    await run_sync(look, services, limiter=services.health_threads)
    return Health()


def look(service: Service) -> None:
    """See that what is needed is there.

    Raises:
        StoreError: it is not.
    """
    service.db.check_schema()
    with service.db.read() as session:
        workers.refuse_deaf(session, silent_after=service.settings.lease_seconds)


@router.get(
    "/metrics",
    operation_id="getPrometheusMetrics",
    response_class=Response,
    dependencies=[READ],
    responses={200: {"description": "Measurements", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def measurements(services: Services) -> Response:
    """Measurements for Prometheus."""
    return Response(services.measurements.text(), media_type="text/plain; version=0.0.4")
