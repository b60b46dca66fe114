"""Fields of the service's answers, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.answers`.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from client.record import Answer, Word


class State(Word):
    """State of a run, and, derived from its runs, of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(Word):
    """Why a run ended as failed or cancelled, or waits for something other than a worker."""

    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"
    BAD_DATA = "bad_data"
    DATA_CHANGED = "data_changed"
    BAD_SPEC = "bad_spec"
    BAD_CHECKPOINT = "bad_checkpoint"
    STORAGE_FULL = "storage_full"
    WORKER_LOST = "worker_lost"
    ERROR = "error"
    CANCELLED_BY_USER = "cancelled_by_user"
    AT_RUNG = "at_rung"
    PRUNED = "pruned"


class Request(Word):
    """What is requested of a running run; its worker learns of it with the next heartbeat."""

    CANCEL = "cancel"
    PAUSE = "pause"


class RunFields(Answer):
    """One training: a seed and a sweep point."""

    id: str
    job: str = ""
    seed: int = 0
    point: dict[str, Any] = Field(default_factory=dict)
    state: State
    reason: Reason | None = None
    message: str | None = None
    requested: Request | None = None
    attempt: int = 0
    retry_of: str | None = None
    progress: float = 0.0
    epoch: int = 0
    epochs: int = 0
    device: str | None = None
    worker: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    notes: list[str] = Field(default_factory=list)
    environment: dict[str, Any] = Field(default_factory=dict)
    inputs: str | None = None


class JobItemFields(Answer):
    """A job in a list."""

    id: str
    name: str = ""
    tags: list[str] = Field(default_factory=list)
    notes: str = ""
    archived: bool = False
    state: State
    requested: Request | None = None
    progress: float = 0.0
    priority: int = 0
    dataset: str = ""
    datasets: list[str] = Field(default_factory=list)
    method: str = ""
    methods: list[str] = Field(default_factory=list)
    study: str | None = None
    preset: str | None = None
    published: dict[str, float] | None = None
    runs_total: int = 0
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    model: str | None = None
    models: list[str] = Field(default_factory=list)
    imbalance_factor: float | None = None
    runs: dict[str, int] = Field(default_factory=dict)
    sparkline: list[float] = Field(default_factory=list)


class JobFields(Answer):
    """A job with its complete spec, its first 100 runs and its summary."""

    id: str
    name: str = ""
    tags: list[str] = Field(default_factory=list)
    notes: str = ""
    archived: bool = False
    state: State
    requested: Request | None = None
    progress: float = 0.0
    priority: int = 0
    dataset: str = ""
    datasets: list[str] = Field(default_factory=list)
    method: str = ""
    methods: list[str] = Field(default_factory=list)
    study: str | None = None
    preset: str | None = None
    published: dict[str, float] | None = None
    runs_total: int = 0
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    parent: str | None = None
    spec: dict[str, Any] = Field(default_factory=dict)


class SummaryFields(Answer):
    """Last-epoch metrics of a sweep point."""

    point: dict[str, Any] = Field(default_factory=dict)
    missing_seeds: list[int] = Field(default_factory=list)
    waiting_seeds: list[int] = Field(default_factory=list)


class StatisticFields(Answer):
    """A metric over seeds; `std` has n - 1 in its denominator and is null at n = 1."""

    mean: float | None = None
    std: float | None = None
    n: int = 0
    values: list[float] = Field(default_factory=list)
    seeds: list[int] = Field(default_factory=list)


class VerdictFields(Answer):
    """What the runs that have succeeded show, on the task's main metric."""

    text: str = ""
    metric: str = ""
    best: str | None = None
    point: dict[str, Any] | None = None
    mean: float | None = None
    std: float | None = None
    n: int | None = None
    ahead_of: str | None = None
    difference: float | None = None
    confidence_interval: list[float] | None = None
    decided: bool = False


class ValidationFields(Answer):
    """What a submission would run."""

    spec: dict[str, Any] = Field(default_factory=dict)
    runs_total: int = 0
    class_counts: list[int] = Field(default_factory=list)
    imbalance_factor: float = 0.0
    classes: list[str] = Field(default_factory=list)
    num_train: int = 0
    num_validation: int = 0
    num_test: int = 0
    notes: list[str] = Field(default_factory=list)
    cache_bytes: int | None = None


class CurveFields(Answer):
    """A metric over epochs."""

    epoch: list[int] = Field(default_factory=list)
    value: list[float | None] = Field(default_factory=list)


class VariationFields(Answer):
    """Relative and absolute loss variation per class and epoch; null where undefined."""

    classes: list[str] = Field(default_factory=list)
    class_counts: list[int] = Field(default_factory=list)
    epochs: list[int] = Field(default_factory=list)
    relative_loss_variation: list[list[float | None]] | None = None
    positive: list[list[float | None]] | None = None
    negative: list[list[float | None]] | None = None


class SignedVariationFields(Answer):
    """Loss variation of positives and of negatives per class and epoch."""

    positive: list[list[float | None]] = Field(default_factory=list)
    negative: list[list[float | None]] = Field(default_factory=list)


class ConfusionFields(Answer):
    """Test examples by true class (row) and predicted class (column)."""

    classes: list[str] = Field(default_factory=list)
    epoch: int = 0
    matrix: list[list[float | None]] = Field(default_factory=list)


class ConfusionEntryFields(Answer):
    """Test examples of one class that are taken for one class."""

    true: int = 0
    predicted: int = 0
    count: int = 0


class CalibrationFields(Answer):
    """How sure the predictions are and how often right, on the test set after the last epoch."""

    epoch: int = 0


class CalibrationBinFields(Answer):
    """Test examples predicted with a probability above `from` and up to `to`; null are the means of none."""

    from_: float = Field(default=0.0, alias="from")
    to: float = 0.0
    examples: int = 0
    confidence: float | None = None
    accuracy: float | None = None


class CheckpointFields(Answer):
    """A checkpoint of a run."""

    id: str
    epoch: int = 0
    step: int = 0
    kind: str = ""
    size_bytes: int = 0
    sha256: str = ""
    created_at: datetime | None = None


class LogFields(Answer):
    """A line of a run's log."""

    id: int = 0
    created_at: datetime | None = None
    attempt: int | None = None
    level: str = ""
    message: str = ""


class WorkerFields(Answer):
    """A device of a worker's process, with all its slots."""

    id: str
    hostname: str = ""
    pid: int = 0
    device: str = ""
    device_name: str = ""
    version: str = ""
    run: str | None = None
    started_at: datetime | None = None
    last_seen_at: datetime | None = None
    alive: bool = False
    draining: bool = False
    memory_total_bytes: int | None = None
    memory_free_bytes: int | None = None
