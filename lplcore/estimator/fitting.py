"""Training on arrays for the estimator: a spec fragment in, a trained network and its course out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lplcore.data.raw import RegisteredDataset
from lplcore.estimator.network import TrainedNetwork, restored
from lplcore.events import CheckpointReady, EpochEnd, Event, RunEnd
from lplcore.plugin import plugins
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import load
from lplcore.training.pack import computing_with
from lplcore.training.trainer import train

FAILURES: Mapping[str | None, type[Exception]] = {
    "diverged": ArithmeticError,
    "out_of_memory": MemoryError,
    "bad_data": ValueError,
    "bad_spec": ValueError,
}


@dataclass(frozen=True)
class Fitted:
    """What a training has left."""

    network: TrainedNetwork
    spec: dict[str, Any]
    """The complete experiment."""
    history: list[dict[str, float | None]]
    """Every epoch's metrics by name."""
    best_epoch: int
    """The epoch whose weights the network has, from 1."""


def fit(
    data: RegisteredDataset, fragment: Mapping[str, Any], *, seed: int, on_epoch: Callable[[EpochEnd], None]
) -> Fitted:
    """Train on data that are in memory.

    Args:
        data: the arrays.
        fragment: an experiment but for its data set's arrays; a batch larger than the training set is one of all of it.
        seed: of weights, order and validation split.
        on_epoch: called after every epoch.

    Raises:
        SpecError: the experiment is wrong.
        ValueError: it does not fit the data.
        ArithmeticError: training diverged.
    """
    spec = parse_spec(fragment, datasets={data.name: data})
    loaded = load(spec.dataset, seed=seed, datasets={data.name: data})
    spec = spec.model_copy(update={"batch_size": min(spec.batch_size, loaded.info.num_train)})
    course = Course(on_epoch)
    with TemporaryDirectory() as folder, computing_with(None if spec.model.parallel else 1):
        for event in train(spec, seed=seed, datasets={data.name: data}, checkpoint_dir=folder):
            course.take(event)
        path, epoch = course.chosen()
        network = restored(path, spec, loaded)
    return Fitted(network, spec.model_dump(mode="json"), course.history, epoch)


class Course:
    """What a run reports."""

    def __init__(self, on_epoch: Callable[[EpochEnd], None]) -> None:
        self.on_epoch = on_epoch
        self.history: list[dict[str, float | None]] = []
        self.checkpoints: dict[str, CheckpointReady] = {}

    def take(self, event: Event) -> None:
        """An event; of each kind of checkpoint the newest file is kept.

        Raises:
            ArithmeticError, MemoryError, ValueError, RuntimeError: the run has failed.
        """
        if isinstance(event, EpochEnd):
            self.history.append(event.metrics)
            self.on_epoch(event)
        elif isinstance(event, CheckpointReady):
            older = self.checkpoints.get(event.kind)
            self.checkpoints[event.kind] = event
            if older is not None:
                Path(older.path).unlink()
        elif isinstance(event, RunEnd) and event.outcome == "failed":
            raise FAILURES.get(event.reason, RuntimeError)(event.message)

    def chosen(self) -> tuple[Path, int]:
        """The checkpoint that is best on validation, or the last one; and its epoch."""
        ready = self.checkpoints.get("best") or self.checkpoints["last"]
        return Path(ready.path), ready.epoch


def method_of(method: Any) -> Any:
    """The `method` of an experiment: an alias, the method of a preset, or an object as it is."""
    if isinstance(method, str) and method not in plugins("method") and method in plugins("preset"):
        return plugins("preset")[method].spec["method"]
    return method
