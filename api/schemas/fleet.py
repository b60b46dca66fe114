"""The shapes of workers and of the queue."""

from pydantic import BaseModel, Field

from api.schemas.answers import Answer, Moment


class WorkerAnswer(Answer):
    """A device of a worker's process, with all its slots."""

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
    draining: bool = Field(description="finishes what it trains and takes nothing new until it is resumed")
    memory_total_bytes: int | None = Field(description="the device's; a CPU's is the machine's; null where unknown")
    memory_free_bytes: int | None = Field(description="at the last sign of life; null where unknown")


class WorkerList(Answer):
    """Workers, those seen last first."""

    items: list[WorkerAnswer]
    next: str | None


class WaitingRun(Answer):
    """A run that waits for a worker."""

    run: str
    job: str
    name: str = Field(description="the job's")
    priority: int
    position: int = Field(description="from 1; those that no worker can take come last")
    reason: str = Field(description="for instance: waits for its turn, waits for cuda, waits for a worker")


class QueueAnswer(BaseModel):
    """The queue as numbers, and who is first in it."""

    runs: dict[str, int]
    jobs: dict[str, int]
    oldest_waiting_seconds: float | None
    workers_alive: int
    waiting: list[WaitingRun] = Field(description="the first 50 in the order in which workers take them")
