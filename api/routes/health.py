"""Health, readiness and measurements."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.security import READ
from api.state import Services
from store.errors import DatabaseUnavailable

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """That the process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", operation_id="getHealth")
def health() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", operation_id="getReadiness")
def ready(found: Services) -> Health:
    """The database answers as well and has its tables; 503 while not."""
    found.db.ping()
    if found.db.revision() is None:
        raise DatabaseUnavailable("the database has no tables yet; run `lpl db upgrade`")
    return Health()


@router.get(
    "/metrics",
    operation_id="getPrometheusMetrics",
    response_class=Response,
    dependencies=[READ],
    responses={200: {"description": "Measurements", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def measurements(found: Services) -> Response:
    """Measurements for Prometheus."""
    return Response(found.measurements.text(), media_type="text/plain; version=0.0.4")
