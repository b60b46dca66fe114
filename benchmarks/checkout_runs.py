"""The runs of a checkout for `benchmarks.compare_checkouts`; lplcore is the one that PYTHONPATH names.

Every alias trains an mlp on digits (multi label: on generated vectors) for two epochs, ten aliases a ResNet-32 on 256
generated images; each once without a stop, and once stopped within the second epoch and resumed. Only public names of
lplcore are used, those of version 0.1.0. What a run leaves is one file of arrays.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

import lplcore

GENERATORS = ("cgan", "acgan", "infogan")
IMAGE_ALIASES = (
    "cross_entropy",
    "lpl",
    "la_lpl",
    "ldam_drw",
    "isda",
    "mixup",
    "class_balanced_finetune",
    "meta_weight_net",
    "oltr",
    "cgan",
)
MEASURED = "train/examples_per_second"
CLASSES = 10


def main(folder: Path) -> None:
    """Train all runs."""
    if not any(Path(lplcore.__file__).is_relative_to(path) for path in os.environ["PYTHONPATH"].split(os.pathsep)):
        raise RuntimeError(f"{lplcore.__file__} is not the checkout's")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as data:
        datasets = registered(Path(data))
        for alias, tasks in aliases().items():
            for task in tasks:
                save(folder / f"{alias} {task}", vectors(alias, task), datasets)
        for alias in IMAGE_ALIASES:
            save(folder / f"{alias} images", images(alias), datasets)


def aliases() -> dict[str, list[str]]:
    """Alias -> the tasks it is for."""
    return {entry["name"]: entry["tasks"] for entry in lplcore.catalog()["methods"]}


def method(alias: str, **parameters: Any) -> dict[str, Any]:
    """The alias, with one pass of a generator where it has one."""
    return {"alias": alias, **({"generator_epochs": 1} if alias in GENERATORS else {}), **parameters}


def vectors(alias: str, task: str) -> dict[str, Any]:
    """An experiment with an mlp."""
    digits = {"name": "digits", "imbalance_factor": 20, "validation_fraction": 0.2}
    return {
        "dataset": digits if task == "single_label" else {"name": "labelled"},
        "model": {"name": "mlp", "widths": [16], "dropout": 0.1},
        "method": method(alias),
        "epochs": 2,
        "batch_size": 128,
    }


def images(alias: str) -> dict[str, Any]:
    """An experiment with ResNet-32."""
    return {
        "dataset": {"name": "pictures"},
        "model": "resnet32",
        # A slowed backbone is rounded in another place than in version 0.1.0, which OLTR's choice of the nearest
        # centroid soon makes large.
        "method": method(alias, **({"backbone_factor": 1.0} if alias == "oltr" else {})),
        "augmentation": {"name": "pad_crop_flip"},
        "optimizer": {"name": "sgd", "lr": 0.01},
        "epochs": 2,
        "batch_size": 64,
    }


def registered(folder: Path) -> dict[str, lplcore.RegisteredDataset]:
    """Generated data: 256 images of ten classes, and 400 vectors with some of ten labels each."""
    random = np.random.default_rng(0)
    counts = [60, 45, 34, 26, 20, 17, 15, 14, 13, 12]
    labels = np.repeat(np.arange(CLASSES), counts)
    pixels = random.integers(0, 200, (len(labels), 3, 32, 32)) + 5 * labels[:, None, None, None]
    pixels = pixels.astype(np.uint8)
    np.savez(folder / "pictures.npz", x_train=pixels, y_train=labels, x_test=pixels[::4], y_test=labels[::4])
    shares = 1 / np.arange(1, CLASSES + 1)
    targets = (random.random((400, CLASSES)) < shares).astype(np.uint8)
    inputs = (random.normal(size=(400, 12)) + targets @ random.normal(size=(CLASSES, 12))).astype(np.float32)
    np.savez(folder / "labelled.npz", x_train=inputs, y_train=targets, x_test=inputs[:100], y_test=targets[:100])
    names = {"pictures": "single_label", "labelled": "multi_label"}
    return {
        name: lplcore.RegisteredDataset(name=name, path=str(folder / f"{name}.npz"), task=task)
        for name, task in names.items()
    }


def save(path: Path, spec: dict[str, Any], datasets: Any) -> None:
    """Train without a stop, then stopped and resumed, and write what both leave."""
    with tempfile.TemporaryDirectory() as folder:
        whole = arrays(spec, Path(folder, "whole"), datasets)
        steps = int(whole.pop("steps"))
        stopped = arrays(spec, Path(folder, "stopped"), datasets, should_stop=after(steps - 2))
        stopped.pop("steps")
        last = newest(Path(folder, "stopped"))
        resumed = arrays(spec, Path(folder, "resumed"), datasets, resume_from=last)
        resumed.pop("steps")
    parts = {"whole": whole, "stopped": stopped, "resumed": resumed}
    with path.open("wb") as file:
        np.savez(file, **{f"{part}:{name}": value for part, own in parts.items() for name, value in own.items()})


def after(number: int) -> Callable[[], bool]:
    """True at the question of this number and ever after."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > number

    return stop


def arrays(spec: dict[str, Any], folder: Path, datasets: Any, **options: Any) -> dict[str, Any]:
    """Metrics, series and the tensors of the last checkpoint of a run, by name; `steps` is how often it may stop."""
    asked, stop = 0, options.pop("should_stop", lambda: False)

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return bool(stop())

    values: dict[str, Any] = {}
    for event in lplcore.train(spec, datasets=datasets, checkpoint_dir=folder, should_stop=should_stop, **options):
        if isinstance(event, lplcore.EpochEnd):
            metrics = {name: value for name, value in event.metrics.items() if name != MEASURED}
            values |= {f"{event.epoch}:{name}": np.float64(np.nan if v is None else v) for name, v in metrics.items()}
            values |= {f"{event.epoch}:{name}": value for name, value in event.series.items()}
        if isinstance(event, lplcore.RunEnd) and event.outcome == "failed":
            raise RuntimeError(f"{spec['method']}: {event.message}")
    tensors = load_file(newest(folder))
    return {**values, **{name: tensor.numpy() for name, tensor in tensors.items()}, "steps": asked}


def newest(folder: Path) -> Path:
    """The last checkpoint of a run."""
    return max(folder.glob("*-last.safetensors"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
