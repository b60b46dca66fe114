"""A small multi-label training set with a long tail, and runs on it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lplcore.data.raw import RegisteredDataset
from lplcore.events import EpochEnd, Event
from tests.lplcore_training.runs import Spec, end, epochs, run

SHARES = (0.6, 0.4, 0.25, 0.16, 0.1, 0.06, 0.04, 0.025)
"""Of the training examples that have each label; the first is met by more than half of them."""


def long_tailed(folder: Path, *, number: int = 1200) -> dict[str, RegisteredDataset]:
    """A file of examples that are sums of their labels' prototypes and noise, registered as `tail`."""
    random = np.random.default_rng(0)
    prototypes = random.normal(size=(len(SHARES), 32))

    def drawn(size: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        labels = (random.random((size, len(SHARES))) < SHARES).astype(np.uint8)
        return (labels @ prototypes + random.normal(size=(size, 32)) * 1.5).astype(np.float32), labels

    (x_train, y_train), (x_held, y_held), (x_test, y_test) = drawn(number), drawn(300), drawn(800)
    path = folder / "tail.npz"
    np.savez(
        path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test, x_validation=x_held, y_validation=y_held
    )
    return {"tail": RegisteredDataset("tail", str(path))}


def spec_of(method: Any, **changes: Any) -> Spec:
    """A spec on that set."""
    return {
        "dataset": "tail",
        "method": method,
        "optimizer": {"name": "sgd", "lr": 0.03},
        "epochs": 15,
        "batch_size": 64,
        **changes,
    }


def trained(method: Any, data: dict[str, RegisteredDataset], *, seed: int = 0, **changes: Any) -> list[Event]:
    """The events of a run that succeeded."""
    events = run(spec_of(method, **changes), datasets=data, seed=seed)
    assert end(events).outcome == "succeeded", end(events).message
    return events


def last(events: list[Event]) -> EpochEnd:
    """The last epoch."""
    return epochs(events)[-1]


def precision(event: EpochEnd, group: str = "") -> float:
    """Mean average precision on the test split."""
    value = event.metrics[f"test/mean_average_precision{group}"]
    assert value is not None
    return value
