"""What the service answers: the fields of its interface, and what can be done with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import Field

from client.fields import (
    CalibrationBinFields,
    CalibrationFields,
    CheckpointFields,
    ConfusionEntryFields,
    ConfusionFields,
    CurveFields,
    LogFields,
    SignedVariationFields,
    ValidationFields,
    VariationFields,
    WorkerFields,
)
from client.job_answers import Job as Job
from client.job_answers import JobItem as JobItem
from client.job_answers import Run as Run
from client.job_answers import Verdict as Verdict
from client.notebook import Rows, data_frame, html_rows
from client.record import Answer
from client.results import Statistic as Statistic
from client.results import SummaryRow as SummaryRow

T = TypeVar("T")


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


class Validation(ValidationFields):
    """What a spec would run: the complete spec, the number of runs and the class counts."""


class Curve(CurveFields):
    """A metric over epochs; a value is None where it is undefined."""


class Curves(dict[str, Curve]):
    """Metrics over epochs by name."""

    def _repr_html_(self) -> str:
        return html_rows(self.rows())

    def table(self) -> Any:
        """A DataFrame as `to_pandas` gives it; rows where pandas is absent."""
        try:
            return self.to_pandas()
        except ImportError:
            return Rows(self.rows())

    def rows(self) -> list[dict[str, Any]]:
        """A row per epoch."""
        epochs: dict[int, dict[str, Any]] = {}
        for name, curve in self.items():
            for epoch, value in zip(curve.epoch, curve.value, strict=True):
                epochs.setdefault(epoch, {"epoch": epoch})[name] = value
        return [epochs[epoch] for epoch in sorted(epochs)]

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


class SignedVariations(SignedVariationFields):
    """Loss variation of positives and of negatives, [epochs][classes]."""


class LossVariations(VariationFields):
    """Relative loss variation (l' - l) / l and the absolute one, l' - l, [epochs][classes].

    Positive and negative labels are apart for multi-label tasks. The absolute one is None for runs of version 0.1.0.
    """

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


class ConfusionMatrix(ConfusionFields):
    """Test examples by true (row) and predicted (column) class."""

    def to_pandas(self) -> Any:
        """A DataFrame: a row per true and a column per predicted class."""
        return data_frame(self.matrix, index=self.classes, columns=self.classes)


class ConfusionEntry(ConfusionEntryFields):
    """Test examples of one class that are taken for one class, by the classes' places in the list of them."""


class ConfusionEntries(Answer):
    """The cells of a confusion matrix that have examples, largest first."""

    classes: list[str] = Field(default_factory=list)
    epoch: int = 0
    entries: list[ConfusionEntry] = Field(default_factory=list)

    def to_pandas(self) -> Any:
        """A DataFrame with a row per cell: the names of true and predicted class, and the examples."""
        rows = [[self.classes[cell.true], self.classes[cell.predicted], cell.count] for cell in self.entries]
        return data_frame(rows, columns=["true", "predicted", "count"])


class CalibrationBin(CalibrationBinFields):
    """Test examples whose prediction has a probability above `from_` and up to `to`."""


class Calibration(CalibrationFields):
    """Mean confidence and accuracy on the test set, by bins of confidence."""

    bins: list[CalibrationBin] = Field(default_factory=list)

    def to_pandas(self) -> Any:
        """A DataFrame with a row per bin."""
        return data_frame([one.to_json() for one in self.bins])


class Checkpoint(CheckpointFields):
    """A stored checkpoint; its content is a safetensors file."""


class HistoryEntry(Answer):
    """What happened to a run: a state, a checkpoint, a rewind or an epoch."""

    id: int
    kind: str
    created_at: datetime
    data: dict[str, Any] = Field(default_factory=dict)


class LogEntry(LogFields):
    """A line of a run's log."""


class Event(Answer):
    """A server-sent event: `kind` is state, epoch, checkpoint, log, rewind, reset or end."""

    id: str | None = None
    kind: str
    data: dict[str, Any] = Field(default_factory=dict)


class Worker(WorkerFields):
    """A worker and the device it trains on."""
