"""Memory that an epoch on image files takes, by the number of images.

    python -m benchmarks.image_memory [--images 10000 100000 1000000] [--batches 200]

Each number in a process of its own: a list of so many images (a few hundred files under many names), a cache whose
index knows as many, 8,142 classes, an epoch's class-aware order, and batches of 32 read by two worker processes. The
figures are the peaks of the process, above what it has once everything is imported, and of its largest worker.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.environment import environment, print_table, save
from lplcore.augmentations.random_resized_crop import RandomResizedCrop
from lplcore.data.images.cache import Kept, PixelCache
from lplcore.data.images.files import Cache, Pixels, image_files
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.reading import decoder
from lplcore.data.images.stream import new_stream
from lplcore.samplers.class_aware import ClassAware
from lplcore.training.draws import Epoch
from lplcore.training.feeding import Streamed
from tests.lplcore_training.photographs import written

CLASSES, BATCH, FILES = 8142, 32, 256


def peak(who: int) -> int:
    """Largest resident set in bytes."""
    return resource.getrusage(who).ru_maxrss * 1024


def epoch_of(number: int, batches: int, folder: Path) -> dict[str, Any]:
    """Read a part of an epoch on so many images."""
    written(folder / "tree" / "animalia", train=FILES, test=0, side=(300, 500))
    kept, pipeline = Cache(size=256), InputPipeline(2, cache_dir=folder / "cache")
    cache = PixelCache(folder / "cache", kept, decoder=decoder(), limit=2**40)
    keys = np.random.default_rng(0).bytes(16 * number)
    for first in range(0, number, 2**17):
        cache.put([Kept(keys[16 * i : 16 * i + 15] + b"\1", b"") for i in range(first, min(number, first + 2**17))])
    before, started = peak(resource.RUSAGE_SELF), time.perf_counter()
    names = (f"animalia/{index % FILES}.jpg" for index in range(number))
    files = image_files(folder / "tree", names, Pixels(224, cache=kept))
    labels = torch.randint(CLASSES, (number,), generator=torch.Generator().manual_seed(0))
    order = ClassAware().order(labels, torch.Generator().manual_seed(0))
    stream = new_stream(files, pipeline)
    feed = Streamed(
        Epoch(order, [*range(0, number, BATCH), number], 0, 0), RandomResizedCrop(), stream, torch.device("cpu")
    )
    for step in range(batches):
        feed.step(step)
    seconds = time.perf_counter() - started
    del feed
    return {
        "images": number,
        "megabytes": (peak(resource.RUSAGE_SELF) - before) / 1e6,
        "worker_megabytes": peak(resource.RUSAGE_CHILDREN) / 1e6,
        "decoded_gigabytes": number * 224 * 224 * 3 / 1e9,
        "seconds": seconds,
    }


def main() -> None:
    """Measure each number, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "tree" / "animalia").mkdir(parents=True)
            print(json.dumps(epoch_of(arguments.images[0], arguments.batches, Path(name))))
        return
    rows = []
    for number in arguments.images:
        command = [sys.executable, "-m", "benchmarks.image_memory", "--alone", "--images", str(number)]
        command += ["--batches", str(arguments.batches)]
        rows.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ).stdout))
    print(environment())
    print_table(rows)
    print(save("image_memory", settings={"batches": arguments.batches, "batch": BATCH, "classes": CLASSES}, rows=rows))


if __name__ == "__main__":
    main()
