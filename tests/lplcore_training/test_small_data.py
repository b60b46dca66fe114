"""Data sets smaller than the default batch."""

from pathlib import Path

import numpy as np

import lplcore
from lplcore.events import EpochEnd, RunEnd


def test_fewer_examples_than_the_default_batch_are_trained_in_one_batch(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (24, 1, 8, 8), dtype=np.uint8)
    labels = np.arange(24) % 3
    np.savez(tmp_path / "few.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    few = {"few": lplcore.RegisteredDataset(name="few", path=str(tmp_path / "few.npz"))}
    spec = lplcore.parse_spec({"dataset": "few", "method": "lpl", "epochs": 2, "device": "cpu"}, datasets=few)
    events = list(lplcore.train(spec, datasets=few))
    last = events[-1]
    assert isinstance(last, RunEnd)
    assert last.outcome == "succeeded", last
    assert sum(isinstance(event, EpochEnd) for event in events) == 2
