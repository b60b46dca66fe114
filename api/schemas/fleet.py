"""The shapes of workers and of the queue."""

from pydantic import BaseModel, Field

from api.schemas.answers import Answer, Moment


class WorkerAnswer(Answer):
    """A worker's slot."""

    id: str
    hostname: str
    pid: int
    device: str
    device_name: str
    version: str
    run: str | None = Field(validation_alias="run_id")
    started_at: Moment
    last_seen_at: Moment
    alive: bool


class WorkerList(Answer):
    """Workers, those seen last first."""

    items: list[WorkerAnswer]
    next: str | None


class QueueAnswer(BaseModel):
    """The queue as numbers."""

    runs: dict[str, int]
    jobs: dict[str, int]
    oldest_waiting_seconds: float | None
    workers_alive: int
