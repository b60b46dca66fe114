"""What the service answers: frozen records that keep fields they do not know, for newer services."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from client.notebook import brief, data_frame, html_rows, html_table

T = TypeVar("T")

ENDED = frozenset({"succeeded", "failed", "cancelled"})


class Answer(BaseModel):
    """A record of the service; unknown fields are kept as attributes."""

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_inf_nan="null")

    def to_json(self) -> dict[str, Any]:
        """The record as JSON-able values."""
        return self.model_dump(mode="json")

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        return brief({name: getattr(self, name) for name in type(self).model_fields})

    def _repr_html_(self) -> str:
        return html_table(["", ""], self.__repr_args__())


class Page(Answer, Generic[T]):
    """A page of a list; `next` is the cursor of the following page, None on the last."""

    items: Sequence[T]
    next: str | None = None

    def _repr_html_(self) -> str:
        return html_rows(
            [dict(item.__repr_args__()) if isinstance(item, Answer) else {"": item} for item in self.items]
        )

    def to_pandas(self) -> Any:
        """A DataFrame with a row per item."""
        return data_frame([item.to_json() if isinstance(item, Answer) else item for item in self.items])


class Run(Answer):
    """One training: a seed and a sweep point. `progress` is 0..1, `epoch` the last completed one of `epochs`."""

    id: str
    job: str | None = None
    seed: int = 0
    point: dict[str, Any] = Field(default_factory=dict)
    state: str
    reason: str | None = None
    message: str | None = None
    requested: str | None = None
    attempt: int = 0
    retry_of: str | None = None
    progress: float = 0.0
    epoch: int = 0
    epochs: int = 0
    device: str | None = None
    worker: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.state in ENDED


class Statistic(Answer):
    """A metric over seeds. `std` has n - 1 in its denominator and is None at n = 1."""

    mean: float | None = None
    std: float | None = None
    n: int = 0
    values: list[float | None] = Field(default_factory=list)
    seeds: list[int] = Field(default_factory=list)


class SummaryRow(Answer):
    """The result of one sweep point after its last epoch."""

    point: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Statistic] = Field(default_factory=dict)
    missing_seeds: list[int] = Field(default_factory=list)
    waiting_seeds: list[int] = Field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Swept values, then mean, standard deviation and number of seeds of every metric."""
        found = dict(self.point)
        for name, statistic in self.metrics.items():
            found |= {name: statistic.mean, f"{name}.std": statistic.std, f"{name}.n": statistic.n}
        return found


class JobFacts(Answer):
    """What a job says of itself wherever it stands."""

    id: str
    name: str | None = None
    tags: list[str] = Field(default_factory=list)
    state: str
    requested: str | None = None
    progress: float = 0.0
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    datasets: list[str] = Field(default_factory=list)
    methods: list[str] = Field(default_factory=list)
    runs_total: int = 0

    @property
    def ended(self) -> bool:
        """Whether all of its runs have ended."""
        return self.state in ENDED


class JobItem(JobFacts):
    """A job in a list; `runs` is the number of runs by state, `metrics` are over the runs that have finished."""

    dataset: str = ""
    imbalance_factor: float | None = None
    model: str | None = None
    models: list[str] = Field(default_factory=list)
    runs: dict[str, int] = Field(default_factory=dict)
    metrics: dict[str, Statistic] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _of_older_services(cls, value: Any) -> Any:
        if isinstance(value, dict) and "methods" not in value and value.get("method"):
            return {**value, "methods": [value["method"]]}
        return value


class Job(JobFacts):
    """What somebody submitted; `runs` are the first 100 of `runs_total`."""

    spec: dict[str, Any] = Field(default_factory=dict)
    runs: list[Run] = Field(default_factory=list)
    summary: list[SummaryRow] = Field(default_factory=list)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + (html_rows([row.figures() for row in self.summary]) if self.summary else "")

    def to_pandas(self) -> Any:
        """A DataFrame with a row per sweep point: its values and the figures over seeds."""
        return data_frame([row.figures() for row in self.summary])


class Validation(Answer):
    """What a spec would run: the complete spec, the number of runs and the class counts."""

    spec: dict[str, Any] = Field(default_factory=dict)
    runs_total: int = 0
    classes: list[str] = Field(default_factory=list)
    class_counts: list[int] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class Curve(Answer):
    """A metric over epochs; a value is None where it is undefined."""

    epoch: list[int] = Field(default_factory=list)
    value: list[float | None] = Field(default_factory=list)


class Curves(dict[str, Curve]):
    """Metrics over epochs by name."""

    def to_pandas(self) -> Any:
        """A DataFrame with a row per epoch and a column per metric."""
        columns = {name: dict(zip(curve.epoch, curve.value, strict=True)) for name, curve in self.items()}
        epochs = sorted({epoch for curve in columns.values() for epoch in curve})
        values = {name: [curve.get(epoch) for epoch in epochs] for name, curve in columns.items()}
        return data_frame(values, index=epochs)


class ClassValues(Answer):
    """What values per class and epoch have in common."""

    classes: list[str] = Field(default_factory=list)
    class_counts: list[int] = Field(default_factory=list)
    epochs: list[int] = Field(default_factory=list)


class SignedVariations(Answer):
    """Loss variation of positives and of negatives, [epochs][classes]."""

    positive: list[list[float | None]] = Field(default_factory=list)
    negative: list[list[float | None]] = Field(default_factory=list)


class LossVariations(ClassValues):
    """Relative loss variation (l' - l) / l and the absolute one, l' - l, [epochs][classes].

    Positive and negative labels are apart for multi-label tasks. The absolute one is None for runs of version 0.1.0.
    """

    relative_loss_variation: list[list[float | None]] | None = None
    positive: list[list[float | None]] | None = None
    negative: list[list[float | None]] | None = None
    absolute_loss_variation: list[list[float | None]] | SignedVariations | None = None

    def to_pandas(self, sign: str = "relative_loss_variation") -> Any:
        """A DataFrame with a row per epoch and a column per class; `positive` or `negative` for multi-label tasks."""
        return data_frame(getattr(self, sign), index=self.epochs, columns=self.classes)


class ClassMetrics(ClassValues):
    """A metric per class, [epochs][classes]."""

    name: str = ""
    values: list[list[float | None]] = Field(default_factory=list)

    def to_pandas(self) -> Any:
        """A DataFrame with a row per epoch and a column per class."""
        return data_frame(self.values, index=self.epochs, columns=self.classes)


class ConfusionMatrix(Answer):
    """Test examples by true (row) and predicted (column) class."""

    classes: list[str] = Field(default_factory=list)
    epoch: int | None = None
    matrix: list[list[float | None]] = Field(default_factory=list)

    def to_pandas(self) -> Any:
        """A DataFrame: a row per true and a column per predicted class."""
        return data_frame(self.matrix, index=self.classes, columns=self.classes)


class Checkpoint(Answer):
    """A stored checkpoint; its content is a safetensors file."""

    id: str
    epoch: int = 0
    kind: str = "last"
    size_bytes: int = 0
    sha256: str = ""
    created_at: datetime | None = None


class LogEntry(Answer):
    """A line of a run's log."""

    id: int | None = None
    created_at: datetime | None = None
    level: str = "info"
    message: str = ""


class Event(Answer):
    """A server-sent event: `kind` is state, epoch, checkpoint, log, rewind, reset or end."""

    id: str | None = None
    kind: str
    data: dict[str, Any] = Field(default_factory=dict)


class Dataset(Answer):
    """A data set that a spec may name; the lists are filled where one data set is asked for."""

    name: str
    task: str | None = None
    builtin: bool = False
    available: bool = True
    message: str | None = None
    classes: list[str] = Field(default_factory=list)
    class_counts: list[int] = Field(default_factory=list)


class Worker(Answer):
    """A worker and the device it trains on."""

    id: str
    hostname: str = ""
    device: str = ""
    device_name: str = ""
    run: str | None = None
    alive: bool = True
    last_seen_at: datetime | None = None
