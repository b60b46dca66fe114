"""What the store answers: rows that outlive their session, and records. Times are seconds since the epoch, UTC."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from store.database.tables import AuditRow, CheckpointRow, DeliveryRow, EventRow, JobRow, RunRow, StudyRow

T = TypeVar("T")

DELETE = "delete"
"""What is requested of a job that nobody sees any more and whose content is being erased."""
# Rows as they are: what a run or a job has is spelled out in its table.
Job = JobRow
Study = StudyRow
Run = RunRow
Checkpoint = CheckpointRow
Event = EventRow
AuditEntry = AuditRow
Delivery = DeliveryRow
CONSUMER_DEAD = "dead"
"""State of a worker's consumer that hears no wake-up and will hear none."""


@dataclass(frozen=True)
class NewRun:
    """A run to be submitted."""

    seed: int
    point: dict[str, Any]
    spec: dict[str, Any]
    epochs: int
    method: str | None = None
    """Its name in lists, None: the job's."""
    data_sha256: str | None = None
    """Hash of the registered data set that it was checked with."""
    one_core: bool = False
    """Whether one core of a CPU is enough for it: more would not make it faster."""
    trial: int | None = None
    """Its number in a search, None: it is no trial."""
    stop_epoch: int | None = None
    """The rung of its search after which it waits, None: it is trained to the end."""


@dataclass(frozen=True)
class NewJob:
    """A job to be submitted: its columns and those of its runs, but for their times."""

    columns: dict[str, Any]
    runs: list[dict[str, Any]]


@dataclass(frozen=True)
class NewStudy:
    """A study to be submitted: its columns and its jobs, but for their times."""

    columns: dict[str, Any]
    jobs: list[NewJob]


@dataclass(frozen=True)
class Result:
    """A metric over the runs of a job that have succeeded; `std` is None at n = 1."""

    mean: float
    std: float | None
    n: int


@dataclass(frozen=True)
class Submitted:
    """The answer to a submission; `created` is false where an idempotency key had made the job before."""

    job: Job
    created: bool


@dataclass(frozen=True)
class SubmittedStudy:
    """The answer to the submission of a study; `created` is false where an idempotency key had made it before."""

    study: Study
    created: bool


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of a list; `next` is the cursor of the following page."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a run; every write carries its attempt."""

    run_id: str
    job_id: str
    attempt: int
    worker_id: str
    seed: int
    spec: dict[str, Any]
    resume: Checkpoint | None
    datasets: list[dict[str, Any]] = field(default_factory=list)
    one_core: bool = False
    """Whether one core of a CPU is enough for it."""
    alone: bool = False
    """Whether it may share its process with no other run."""
    stop_epoch: int | None = None
    """The rung of its search after which it waits, None: it is trained to the end."""


@dataclass(frozen=True)
class Series:
    """A float32 array, little-endian, C order."""

    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True)
class DatasetRecord:
    """A registered data set; `info` is what its inspection found."""

    id: str
    name: str
    format: str
    path: str
    task: str
    sha256: str | None
    info: dict[str, Any]
    created_at: float

    @property
    def rules(self) -> int:
        """By which rules it is read: those of its registration, which version 0.1.0 (rules 1) did not write down."""
        return int(self.info.get("rules", 1))

    @property
    def target(self) -> str | None:
        """Of a table: the column of the labels."""
        return self._of_table("target")

    @property
    def split(self) -> str | None:
        """Of a table: the column that says train, val or test."""
        return self._of_table("split")

    def _of_table(self, name: str) -> str | None:
        column = (self.info.get("table") or {}).get(name)
        return None if column is None else str(column)


@dataclass(frozen=True)
class Memory:
    """The memory of a device; None where unknown."""

    total_bytes: int | None = None
    free_bytes: int | None = None


@dataclass(frozen=True)
class Worker:
    """A device of a worker's process."""

    id: str
    hostname: str
    pid: int
    device: str
    device_name: str
    version: str
    run_id: str | None
    started_at: float
    last_seen_at: float
    alive: bool
    consumer: str | None
    draining: bool
    """Whether it finishes what it trains and claims nothing new."""
    memory_total_bytes: int | None
    memory_free_bytes: int | None


@dataclass(frozen=True)
class ApiKey:
    """An API key without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: float
    last_used_at: float | None
    revoked_at: float | None


@dataclass(frozen=True)
class Webhook:
    """An address that is told of events, without its secret."""

    id: str
    url: str
    events: tuple[str, ...]
    created_at: float


@dataclass(frozen=True)
class SweepResult:
    """What a sweep did: runs put back into the queue, runs ended, runs that wait for a worker."""

    requeued: int
    ended: int
    waiting: int
