"""Which part of its time a GPU waits for images: ResNet-50 in bf16 on photographs that are decoded as it trains.

    python -m benchmarks.image_waits [--images 4096] [--links 5] [--workers N] [--epochs 3] [--device cuda]

A tree of photographs of 500 x 375 pixels (`benchmarks.image_pipeline`), each under several names, so that an epoch is
long and writing it is not. LPL trains through the trainer on a random resized crop of 224 pixels and a flip: without a
cache, with a JPEG and with a raw cache of 256 pixels. Beside that the same network trains on the same images, decoded
once and held by the device, flipped but not cut: what a step takes where nothing waits. The first epoch of each has the
start in it, and of a cache the first pass; of later ones the median counts. The share of waiting is 1 - rate / rate
held; the goal is less than a tenth on a machine with 16 cores.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import lplcore
from benchmarks.environment import environment, print_table, save
from benchmarks.image_pipeline import photographs
from lplcore.data.images.pipeline import InputPipeline
from lplcore.events import EpochEnd, RunEnd

GOAL = 0.1
CROPPED = {"name": "sequence", "steps": [{"name": "random_resized_crop"}, {"name": "horizontal_flip"}]}
SIDES: dict[str, dict[str, Any]] = {
    "held": {"augmentation": "horizontal_flip"},
    "no cache": {"augmentation": CROPPED},
    "jpeg": {"augmentation": CROPPED, "dataset": {"cache": {"size": 256, "encoding": "jpeg"}}},
    "raw": {"augmentation": CROPPED, "dataset": {"cache": {"size": 256, "encoding": "raw"}}},
}


def linked(folder: Path, *, images: int, links: int) -> None:
    """A tree of class folders, each file under several names."""
    files = photographs(folder, images)
    for path in map(files.path, range(len(files))):
        for link in range(1, links):
            os.link(path, path.with_name(f"{path.stem}-{link}.jpg"))


def spec_of(side: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """What a side trains."""
    changes = SIDES[side]
    return {
        "dataset": {"name": "photographs", "image_size": arguments.size, **changes.get("dataset", {})},
        "augmentation": changes["augmentation"],
        "model": arguments.model,
        "method": "lpl",
        "precision": arguments.precision,
        "epochs": arguments.epochs,
        "batch_size": arguments.batch,
        "device": arguments.device,
    }


def rates(side: str, arguments: argparse.Namespace, *, tree: Path, cache: Path) -> list[float]:
    """Images per second of each epoch's training."""
    registered = lplcore.RegisteredDataset("photographs", str(tree), "class_folders")
    pipeline = InputPipeline(arguments.workers, memory_bytes=2**40, cache_dir=cache)
    events = list(lplcore.train(spec_of(side, arguments), datasets={"photographs": registered}, pipeline=pipeline))
    end = events[-1]
    assert isinstance(end, RunEnd)
    assert end.outcome == "succeeded", end.message
    return [each.metrics["train/examples_per_second"] or 0.0 for each in events if isinstance(each, EpochEnd)]


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=4096)
    parser.add_argument("--links", type=int, default=5)
    parser.add_argument("--workers", type=int, default=min(16, max(1, (os.cpu_count() or 1) - 1)))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--device", default="cuda")
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error("--epochs: the first one has the start in it; take two or more")
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        tree.mkdir()
        linked(tree, images=arguments.images, links=arguments.links)
        for side in SIDES:
            found[side] = rates(side, arguments, tree=tree, cache=Path(name) / "cache")
    held = statistics.median(found["held"][1:])
    rows = []
    for side, values in found.items():
        for part, rate in (("first epoch", values[0]), ("later epochs", statistics.median(values[1:]))):
            rows.append(
                {"side": side, "epochs": part, "images_per_second": rate, "waits": 1 - rate / held, "goal": GOAL}
            )
    print(environment())
    print_table(rows)
    print(save(f"image_waits_{arguments.device}", settings=vars(arguments), rows=rows))


if __name__ == "__main__":
    main()
