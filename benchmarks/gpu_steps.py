"""Training steps on a GPU for benchmarks: a run of which steps are taken one after another."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import lplcore
from lplcore.device import deterministic_algorithms
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun
from lplcore.training.streams import OwnStream

DEVICE = torch.device("cuda")
CLASSES, BATCH, BLOCK = 10, 128, 50
Data = dict[str, lplcore.RegisteredDataset]


def random_images(folder: Path, name: str, *, train: int, test: int, size: int) -> Data:
    """A registered data set of random images with a long tail like CIFAR-10-LT's."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (max(train, test), 3, size, size), dtype=np.uint8)
    share = 0.01 ** (np.arange(CLASSES) / (CLASSES - 1))
    labels = np.sort(rng.choice(CLASSES, len(images), p=share / share.sum()))
    labels[:CLASSES] = np.arange(CLASSES)
    path = folder / f"{name}.npz"
    np.savez(path, x_train=images[:train], y_train=labels[:train], x_test=images[:test], y_test=labels[:test])
    return {name: lplcore.RegisteredDataset(name=name, format="arrays", path=str(path), task="single_label")}


def spec_of(dataset: str, **changes: Any) -> dict[str, Any]:
    """A spec on one of them."""
    return {
        "dataset": {"name": dataset},
        "model": {"name": "resnet32"},
        "method": "cross_entropy",
        "augmentation": "pad_crop_flip",
        "epochs": 100_000,
        "batch_size": BATCH,
        "device": "cuda",
        **changes,
    }


class Steps:
    """A run of which steps are taken one after another, epoch after epoch, on a stream of its own."""

    def __init__(self, spec: dict[str, Any], data: Data, *, seed: int = 0) -> None:
        parsed = parse_spec({**spec, "seeds": [seed]}, datasets=data)
        self.run = TrainingRun(parsed, device=DEVICE, data_dir="data", datasets=data)
        torch.cuda.synchronize()
        self.stream = OwnStream(DEVICE)
        with deterministic_algorithms():
            self.take(3 * BLOCK)
        torch.cuda.synchronize()

    def take(self, number: int) -> None:
        """Launch that many steps."""
        with self.stream.entered():
            for _ in range(number):
                if self.run.step == self.run.steps:
                    self.run.epoch, self.run.step = self.run.epoch + 1, 0
                    self.run.draw_epoch()
                self.run.train_step()


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes on the device."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - started
