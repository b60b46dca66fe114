"""Small runs that train in a fraction of a second, and what to look for in their events."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lplcore.events import CheckpointReady, EpochEnd, Event, RunEnd
from lplcore.training.run import TrainingRun
from lplcore.training.step import Batch
from lplcore.training.trainer import train

Spec = dict[str, Any]

DIGITS: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20, "validation_fraction": 0.2},
    "model": {"name": "mlp", "widths": [16], "dropout": 0.1},
    "method": {"alias": "lpl", "split": "performance", "threshold": "mean", "q_estimate": "running"},
    "schedule": {"name": "cosine", "warmup_epochs": 1},
    "epochs": 2,
    "batch_size": 128,
    "checkpoints": {"every_epochs": 1, "keep_best": True},
}
"""LPL on long-tailed digits with a validation split: 4 steps an epoch, the last batch a small one."""

IMAGES: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 70},
    "model": {"name": "resnet32", "head": "cosine"},
    "method": "la_lpl",
    "augmentation": {"name": "pad_crop_flip", "padding": 1},
    "optimizer": {"name": "sgd", "clip_norm": 1.0},
    "schedule": {"name": "multistep", "milestones": [1]},
    "epochs": 2,
    "batch_size": 150,
}
"""ResNet-32 on a handful of augmented digits: 3 steps an epoch."""


def run(spec: Spec, folder: Path | None = None, **options: Any) -> list[Event]:
    """All events of a run."""
    return list(train(spec, checkpoint_dir=folder, **options))


def first_examples(run: TrainingRun, number: int) -> Batch:
    """The first training examples as a batch, for methods without augmentation."""
    return Batch(0, run.train_split.held[:number], run.train_split.y[:number], torch.empty(number, 0))


def end(events: list[Event]) -> RunEnd:
    """The last event, which must be the run's only end."""
    last = events[-1]
    assert isinstance(last, RunEnd)
    assert sum(isinstance(event, RunEnd) for event in events) == 1
    return last


def epochs(events: list[Event]) -> list[EpochEnd]:
    """The complete epochs."""
    return [event for event in events if isinstance(event, EpochEnd)]


def checkpoints(events: list[Event]) -> list[CheckpointReady]:
    """The announced checkpoints."""
    return [event for event in events if isinstance(event, CheckpointReady)]


def stop_after(steps: int) -> Callable[[], bool]:
    """A `should_stop` for the first epoch of a run that says yes when `steps` steps are done."""
    asked: Iterator[int] = iter(range(1_000_000))
    return lambda: next(asked) >= steps


def assert_same_epochs(first: list[EpochEnd], second: list[EpochEnd]) -> None:
    """Both have the same metrics, measured times aside, and the same series, bit for bit."""
    assert [event.epoch for event in first] == [event.epoch for event in second]
    for one, other in zip(first, second, strict=True):
        assert untimed(one.metrics) == untimed(other.metrics)
        assert one.series.keys() == other.series.keys()
        for name, values in one.series.items():
            np.testing.assert_array_equal(values, other.series[name], err_msg=name)


def untimed(metrics: dict[str, float | None]) -> dict[str, float | None]:
    """The metrics without measured times."""
    return {name: value for name, value in metrics.items() if name != "train/examples_per_second"}
