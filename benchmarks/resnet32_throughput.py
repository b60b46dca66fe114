"""ResNet-32 training throughput: lplcore's trainer against an ordinary DataLoader script.

    python -m benchmarks.resnet32_throughput [--images 5120] [--rounds 5] [--device cuda]

The peer is the script that everyone writes: a Dataset of PIL images, torchvision's RandomCrop, RandomHorizontalFlip,
ToTensor and Normalize, a DataLoader with worker processes, float32, SGD with Nesterov. Both train the same network
(lplcore's ResNet-32) on the same images with the same batch size and cross entropy; they take turns, an epoch each,
in one process. The images are random: throughput does not depend on what they show. `lplcore` runs as by default
(`precision: auto`) and once more in float32, so that the gain of the precision is told from that of the data path.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import lplcore
from benchmarks.environment import environment, print_table, save
from lplcore.events import EpochEnd, RunEnd
from lplcore.torchvision_import import torchvision

BATCH = 128
CLASSES = 10


class PilImages(Dataset[tuple[Tensor, int]]):
    """The usual Dataset: one PIL image and its label, transformed one by one."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        transforms = torchvision.transforms
        self.images, self.labels = images, labels
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize((0.49, 0.48, 0.45), (0.25, 0.24, 0.26)),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.images[index].transpose(1, 2, 0))
        return self.transform(image), int(self.labels[index])


def ordinary_epochs(model: nn.Module, images: np.ndarray, labels: np.ndarray, device: torch.device) -> Any:
    """Yields the images per second of each training epoch of the ordinary script."""
    workers = min(8, os.cpu_count() or 1)
    loader = DataLoader(
        PilImages(images, labels),
        batch_size=BATCH,
        shuffle=True,
        num_workers=workers,
        pin_memory=device.type == "cuda",
        persistent_workers=True,
    )
    model.to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=2e-4)
    criterion = nn.CrossEntropyLoss()
    while True:
        started, running = time.perf_counter(), 0.0
        for x, y in loader:
            inputs, targets = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
            optimizer.zero_grad()
            loss = criterion(model(inputs).logits, targets)
            loss.backward()
            optimizer.step()
            running += loss.item()
        yield len(labels) / (time.perf_counter() - started)


def lplcore_epochs(folder: Path, *, precision: str, device: str, epochs: int) -> Any:
    """Yields the trainer's own `train/examples_per_second` of each epoch (training only, evaluation excluded)."""
    spec = {
        "dataset": {"name": "random_images"},
        "model": {"name": "resnet32"},
        "method": "cross_entropy",
        "epochs": epochs,
        "batch_size": BATCH,
        "precision": precision,
        "device": device,
    }
    registered = lplcore.RegisteredDataset(
        name="random_images", format="arrays", path=str(folder / "images.npz"), task="single_label"
    )
    for event in lplcore.train(spec, datasets={"random_images": registered}):
        if isinstance(event, EpochEnd):
            yield event.metrics["train/examples_per_second"]
        if isinstance(event, RunEnd) and event.outcome != "succeeded":
            raise SystemExit(f"the trainer ended as {event.outcome}: {event.message}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--images", type=int, default=5120)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (arguments.images, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(arguments.images) % CLASSES
    model = lplcore.parse_spec({"dataset": "cifar10", "model": "resnet32", "method": "cross_entropy"}).model.build(
        input_shape=(3, 32, 32), num_classes=CLASSES
    )
    with tempfile.TemporaryDirectory() as folder:
        np.savez(
            Path(folder) / "images.npz",
            x_train=images,
            y_train=labels,
            x_test=images[:CLASSES],
            y_test=labels[:CLASSES],
        )
        epochs = arguments.rounds + 1
        sides = {
            "ordinary DataLoader script, float32": ordinary_epochs(
                model, images, labels, torch.device(arguments.device)
            ),
            "lplcore, float32": lplcore_epochs(
                Path(folder), precision="float32", device=arguments.device, epochs=epochs
            ),
            "lplcore, precision auto": lplcore_epochs(
                Path(folder), precision="auto", device=arguments.device, epochs=epochs
            ),
        }
        rates: dict[str, list[float]] = {name: [] for name in sides}
        for round_ in range(epochs):
            for name, side in sides.items():
                rate = next(side)
                if round_:
                    rates[name].append(rate)
    peer = statistics.median(next(iter(rates.values())))
    rows = [
        {
            "side": name,
            "images/s (median)": statistics.median(values),
            "lowest": min(values),
            "highest": max(values),
            "ratio to the ordinary script": statistics.median(values) / peer,
        }
        for name, values in rates.items()
    ]
    print(environment())
    print_table(rows)
    settings = {"images": arguments.images, "batch": BATCH, "rounds": arguments.rounds, "statistic": "median"}
    print(f"written to {save(f'resnet32_throughput_{arguments.device}', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
