"""The tables. Times are seconds since the epoch by the database's clock."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from store.database.job_tables import Id, JobFacetRow, JobMetricRow, JobRow, JobTagRow, Table
from store.database.mirror_tables import MirroredRunRow, MirrorRow
from store.database.study_tables import StudyRow
from store.database.webhook_tables import DeliveryRow, WebhookRow

__all__ = [
    "AuditRow",
    "CheckpointRow",
    "ChunkRow",
    "DatasetRow",
    "DeliveryRow",
    "EpochRow",
    "EventRow",
    "IdempotencyRow",
    "JobFacetRow",
    "JobMetricRow",
    "JobRow",
    "JobTagRow",
    "KeyRow",
    "LeaseRow",
    "MirrorRow",
    "MirroredRunRow",
    "OwnerRow",
    "ProgramRow",
    "RunRow",
    "SeriesRow",
    "StudyRow",
    "SweeperRow",
    "Table",
    "WebhookRow",
    "WorkerRow",
]
EventId = BigInteger().with_variant(Integer, "sqlite")


class RunRow(Table):
    """A run. `losses` counts attempts lost in a row without a newer checkpoint; `replaced` marks retried runs.

    `data_sha256`: see `store.data_identity`. `owner` is the API key that submitted it (empty: none), `rank` its place
    among that key's (see `store.lifecycle.turns`), `wants` the kind of device it waits for (see `store.devices`),
    `one_core` whether one core of a CPU is enough for it, `packed` whether the attempt shares its process with other
    runs, `alone` whether it never does so again (see `store.lifecycle.packing`). `trial` is its number in a search,
    `stop_epoch` the rung after which it waits (null: it is trained to the end).
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_queue", "state", "owner", "rank", "id", "wants"),
        Index("ix_runs_lease", "state", "lease_expires_at"),
        Index("ix_runs_job_id", "job_id", "id"),
        # What a job is derived from, so that deriving it reads no rows.
        Index("ix_runs_derived", "job_id", "replaced", "state", "requested", "progress"),
        Index("ix_runs_dataset", "dataset", "state"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    position: Mapped[int]
    seed: Mapped[int]
    point: Mapped[dict[str, Any]]
    trial: Mapped[int | None]
    stop_epoch: Mapped[int | None]
    spec: Mapped[dict[str, Any]]
    dataset: Mapped[str]
    data_sha256: Mapped[str | None] = mapped_column(String(64))
    priority: Mapped[int]
    owner: Mapped[str]
    rank: Mapped[float]
    wants: Mapped[str] = mapped_column(String(16), server_default="auto")
    one_core: Mapped[bool] = mapped_column(server_default=false())
    packed: Mapped[bool] = mapped_column(server_default=false())
    alone: Mapped[bool] = mapped_column(server_default=false())
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    message: Mapped[str | None]
    requested: Mapped[str | None] = mapped_column(String(16))
    attempt: Mapped[int]
    losses: Mapped[int]
    retry_of: Mapped[str | None] = mapped_column(Id)
    replaced: Mapped[bool]
    progress: Mapped[float]
    epoch: Mapped[int]
    epochs: Mapped[int]
    last_metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    info: Mapped[dict[str, Any]]
    device: Mapped[str | None]
    worker: Mapped[str | None] = mapped_column(Id)
    lease_expires_at: Mapped[float | None]
    not_before: Mapped[float | None]
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    version: Mapped[int]


class EpochRow(Table):
    """The scalars of one epoch, and the attempt that measured them."""

    __tablename__ = "epochs"

    run_id: Mapped[str] = mapped_column(Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    metrics: Mapped[dict[str, Any]]


class SeriesRow(Table):
    """A float32 array of one epoch, little-endian."""

    __tablename__ = "series"

    run_id: Mapped[str] = mapped_column(Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    shape: Mapped[list[Any]]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Table):
    """A checkpoint; nobody sees it before it is published, and a superseded one waits to be swept."""

    __tablename__ = "checkpoints"
    __table_args__ = (
        Index("ix_checkpoints_run_id", "run_id", "epoch", "step"),
        Index("ix_checkpoints_superseded", "superseded"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    run_id: Mapped[str] = mapped_column(Id, ForeignKey("runs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    epoch: Mapped[int]
    step: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    published: Mapped[bool]
    superseded: Mapped[bool]
    created_at: Mapped[float]


class ChunkRow(Table):
    """A piece of a checkpoint."""

    __tablename__ = "checkpoint_chunks"

    checkpoint_id: Mapped[str] = mapped_column(Id, ForeignKey("checkpoints.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class EventRow(Table):
    """The event log; ids rise in the order of commits."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_job_id", "job_id", "id"),
        Index("ix_events_run_id", "run_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(EventId, primary_key=True, autoincrement=True)
    job_id: Mapped[str | None] = mapped_column(Id)
    run_id: Mapped[str | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[float]


class IdempotencyRow(Table):
    """Which job an Idempotency-Key made."""

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float]


class DatasetRow(Table):
    """A registered data set."""

    __tablename__ = "datasets"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    format: Mapped[str] = mapped_column(String(16))
    path: Mapped[str]
    task: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str | None] = mapped_column(String(64))
    info: Mapped[dict[str, Any]]
    created_at: Mapped[float]


class WorkerRow(Table):
    """A device of a worker's process, with all its slots.

    `consumer` says whether it hears wake-ups; null: it has no broker. While `draining` it claims nothing. Memory is the
    device's; null: not known.
    """

    __tablename__ = "workers"
    __table_args__ = (Index("ix_workers_last_seen_at", "last_seen_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    hostname: Mapped[str]
    pid: Mapped[int]
    device: Mapped[str]
    device_name: Mapped[str]
    version: Mapped[str]
    run_id: Mapped[str | None] = mapped_column(Id)
    consumer: Mapped[str | None] = mapped_column(String(16))
    draining: Mapped[bool] = mapped_column(server_default=false())
    memory_total_bytes: Mapped[int | None]
    memory_free_bytes: Mapped[int | None]
    started_at: Mapped[float]
    last_seen_at: Mapped[float]


class KeyRow(Table):
    """An API key; only the SHA-256 of its secret is kept."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]]
    created_at: Mapped[float]
    last_used_at: Mapped[float | None]
    revoked_at: Mapped[float | None]


class OwnerRow(Table):
    """When a worker last took a run of a key."""

    __tablename__ = "owners"

    owner: Mapped[str] = mapped_column(primary_key=True)
    turn_at: Mapped[float]


class AuditRow(Table):
    """A request that may have changed something, and who sent it."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(EventId, primary_key=True, autoincrement=True)
    at: Mapped[float]
    key_id: Mapped[str | None] = mapped_column(Id)
    key_name: Mapped[str | None]
    method: Mapped[str] = mapped_column(String(16))
    path: Mapped[str]
    status: Mapped[int]
    address: Mapped[str | None]


class SweeperRow(Table):
    """One row: when leases were last swept, and until when patience lasts after a gap."""

    __tablename__ = "sweeper"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last_at: Mapped[float]
    patient_until: Mapped[float]


class LeaseRow(Table):
    """Which process does a work that one alone may do, and until when; see `store.leases`."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(Id, primary_key=True)
    holder: Mapped[str] = mapped_column(Id)
    expires_at: Mapped[float]


class ProgramRow(Table):
    """One row: the version of the program that last changed the schema."""

    __tablename__ = "program"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[str]
