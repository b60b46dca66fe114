"""What a training run reports, in the order it happens. Every event has a JSON form that any process can read."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
CheckpointKind = Literal["last", "best", "periodic"]
Outcome = Literal["succeeded", "stopped", "at_rung", "failed"]
Reason = Literal["diverged", "out_of_memory", "bad_data", "data_changed", "bad_spec", "bad_checkpoint", "error"]


@dataclass(frozen=True)
class Event:
    """Something that happened in a run. `type` is the JSON form's discriminator."""

    type: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """The event as JSON types."""
        return {"type": self.type, **self.__dict__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The event of this class from its JSON form."""
        return cls(**{key: value for key, value in data.items() if key != "type"})


@dataclass(frozen=True)
class RunStart(Event):
    """The data are loaded, training begins or goes on."""

    type: ClassVar[str] = "run_start"

    class_names: list[str]
    class_counts: list[int]
    """Training examples per class."""
    device: str
    epochs: int
    start_epoch: int
    """Epochs that are complete already."""
    notes: list[str] = field(default_factory=list)
    """What a reader of the results must know: modified data, a resume under other conditions."""
    environment: dict[str, Any] = field(default_factory=dict)
    """Device, precision, threads and versions that this attempt computes with."""
    preprocessing: dict[str, Any] = field(default_factory=dict)
    """What a predictor needs to know of the data (`lplcore.Predictor.load`); empty where that is much."""


@dataclass(frozen=True)
class Progress(Event):
    """Where training is, about twice a second at most."""

    type: ClassVar[str] = "progress"

    epoch: int
    """The epoch under way, from 1; 0 while the method prepares."""
    step: int
    """Steps of it that are done."""
    steps: int
    """Steps of an epoch."""
    fraction: float
    """Share of all steps that is done, 0 to 1."""


@dataclass(frozen=True)
class EpochEnd(Event):
    """An epoch is complete and evaluated."""

    type: ClassVar[str] = "epoch"

    epoch: int
    metrics: dict[str, float | None]
    """Scalars by name, None where undefined."""
    series: dict[str, FloatArray]
    """Per-class values [C] by name, NaN where undefined; beside them the confusion, [C, C] or a row [3] per cell.

    And the calibration, a row [3] per bin, and the test examples that are most wrong, a row [5] per example.
    """

    def to_json(self) -> dict[str, Any]:
        series = {name: array_to_json(array) for name, array in self.series.items()}
        return {"type": self.type, "epoch": self.epoch, "metrics": self.metrics, "series": series}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        series = {name: array_from_json(array) for name, array in data["series"].items()}
        return cls(epoch=data["epoch"], metrics=dict(data["metrics"]), series=series)


@dataclass(frozen=True)
class CheckpointReady(Event):
    """A checkpoint file is complete; who receives this may delete it."""

    type: ClassVar[str] = "checkpoint"

    path: str
    epoch: int
    """Complete epochs."""
    step: int
    """Steps done in the next epoch, 0 at the end of one."""
    kind: CheckpointKind
    completed: bool
    """Whether training is complete."""


@dataclass(frozen=True)
class LogLine(Event):
    """A line for the run's log."""

    type: ClassVar[str] = "log"

    level: Literal["info", "warning", "error"]
    message: str


@dataclass(frozen=True)
class RunEnd(Event):
    """The last event of every run."""

    type: ClassVar[str] = "run_end"

    outcome: Outcome
    """stopped: as somebody asked; at_rung: at the epoch after which it was to wait. Both can be gone on from."""
    reason: Reason | None = None
    message: str | None = None


EVENTS: dict[str, type[Event]] = {
    event.type: event for event in (RunStart, Progress, EpochEnd, CheckpointReady, LogLine, RunEnd)
}
"""Event classes by the `type` of their JSON form."""


def event_from_json(data: Mapping[str, Any]) -> Event:
    """Any event from its JSON form.

    Raises:
        KeyError: the type is unknown.
    """
    return EVENTS[data["type"]].from_json(data)


def array_to_json(array: FloatArray) -> dict[str, Any]:
    """An array as its shape and base64 of little-endian float32."""
    packed = np.ascontiguousarray(array, dtype="<f4")
    return {"shape": list(array.shape), "data": base64.b64encode(packed.tobytes()).decode("ascii")}


def array_from_json(data: Mapping[str, Any]) -> FloatArray:
    """The array of `array_to_json`."""
    flat = np.frombuffer(base64.b64decode(data["data"]), dtype="<f4").astype(np.float32)
    return flat.reshape(data["shape"])
