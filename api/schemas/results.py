"""The shapes of what a run has measured and kept."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.answers import Answer, Moment, at
from store.database.records import Event


class CheckpointAnswer(Answer):
    """A checkpoint of a run."""

    id: str
    epoch: int
    step: int
    kind: str
    size_bytes: int
    sha256: str
    created_at: Moment


class CheckpointList(Answer):
    """A run's checkpoints."""

    items: list[CheckpointAnswer]
    next: str | None


class Curve(BaseModel):
    """A metric over epochs."""

    epoch: list[int]
    value: list[float | None]


class Metrics(BaseModel):
    """Metrics by name."""

    metrics: dict[str, Curve]


class SignedVariations(BaseModel):
    """Loss variation of positives and of negatives per class and epoch."""

    positive: list[list[float | None]]
    negative: list[list[float | None]]


class RunMetrics(Metrics):
    """Metrics of one of many runs."""

    run: str


class JobMetrics(BaseModel):
    """A page of runs with their metrics."""

    items: list[RunMetrics]
    next: str | None


class LossVariations(BaseModel):
    """Relative and absolute loss variation per class and epoch; null where undefined."""

    classes: list[str]
    class_counts: list[int]
    epochs: list[int]
    relative_loss_variation: list[list[float | None]] | None = None
    positive: list[list[float | None]] | None = None
    negative: list[list[float | None]] | None = None
    absolute_loss_variation: list[list[float | None]] | SignedVariations | None = None


class RunVariations(LossVariations):
    """Loss variations of one of many runs."""

    run: str


class JobLossVariations(BaseModel):
    """A page of runs with their loss variations."""

    items: list[RunVariations]
    next: str | None


class RunClassSeries(BaseModel):
    """A per-class series of one of many runs: [C] values per epoch."""

    run: str
    classes: list[str]
    class_counts: list[int]
    epochs: list[int]
    values: list[list[float | None]]


class JobClassMetrics(BaseModel):
    """A page of runs with a per-class series."""

    name: str
    items: list[RunClassSeries]
    next: str | None


class ClassSeries(BaseModel):
    """A per-class series: its values, [C] per epoch, stand under its own name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[list[float | None]]]

    classes: list[str]
    class_counts: list[int]
    epochs: list[int]


class ConfusionMatrix(BaseModel):
    """Test examples by true class (row) and predicted class (column)."""

    classes: list[str]
    epoch: int
    matrix: list[list[float | None]]


class ConfusionEntry(BaseModel):
    """Test examples of one class that are taken for one class."""

    true: int
    predicted: int
    count: int


class ConfusionEntries(BaseModel):
    """The cells of a confusion matrix that have examples, largest first; classes by their places in `classes`."""

    classes: list[str]
    epoch: int
    entries: list[ConfusionEntry]


class CalibrationBin(BaseModel):
    """Test examples predicted with a probability above `from` and up to `to`; null are the means of none."""

    from_: float = Field(alias="from")
    to: float
    examples: int
    confidence: float | None
    accuracy: float | None


class Calibration(BaseModel):
    """How sure the predictions are and how often right, on the test set after the last epoch."""

    epoch: int
    bins: list[CalibrationBin]


class RunCalibration(BaseModel):
    """The calibration of one of many runs; no epoch and no bins where it has none."""

    run: str
    epoch: int | None
    bins: list[CalibrationBin]


class JobCalibrations(BaseModel):
    """A page of runs with their calibration."""

    items: list[RunCalibration]
    next: str | None


class LogEntry(BaseModel):
    """A line of a run's log."""

    id: int
    created_at: datetime
    attempt: int | None
    level: str
    message: str


class LogList(BaseModel):
    """A page of log lines."""

    items: list[LogEntry]
    next: str | None


def log_entry(line: Event) -> LogEntry:
    """A log line's answer."""
    data = line.data
    return LogEntry(
        id=line.id,
        created_at=at(line.created_at),
        attempt=data.get("attempt"),
        level=str(data.get("level", "info")),
        message=str(data.get("message", "")),
    )


class HistoryEntry(Answer):
    """What happened to a run: a `state`, `checkpoint`, `rewind` or `epoch` event with its time."""

    id: int
    kind: str
    created_at: Moment
    data: dict[str, Any]


class History(Answer):
    """A page of what happened to a run."""

    items: list[HistoryEntry]
    next: str | None
