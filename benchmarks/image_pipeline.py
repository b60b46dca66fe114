"""Images per second from JPEG files to batches, beside torchvision's ImageFolder and torch's DataLoader.

    python -m benchmarks.image_pipeline [--images 4096] [--rounds 5] [--workers 2]

One tree of photographs of 500 x 375 pixels (LPL_SHARED_DATA's coco_mini.zip, resized and saved again), cut by a random
resized crop of 224 pixels, flipped and standardised to float32 batches of 32. The peer does all of it in its worker
processes, image by image; ours decodes and cuts there and does the rest a batch at a time, as in training. Every round
takes each side once, one after the other: the peer, ours without a cache, the first pass of a JPEG and of a raw cache,
and a later pass of each. Figures are medians of the rounds; ratios are of the same round. Files are in the system's
memory on all sides.
"""

import argparse
import io
import shutil
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.environment import environment, print_table, save
from lplcore.augmentations.horizontal_flip import HorizontalFlip
from lplcore.augmentations.random_resized_crop import RandomResizedCrop
from lplcore.augmentations.sequence import Sequence
from lplcore.data.images.files import Cache, ImageFiles, Pixels, image_files
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import new_stream
from lplcore.data.normalization import IMAGENET_MEAN, IMAGENET_STD, imagenet_statistics
from lplcore.torchvision_import import torchvision
from lplcore.training.draws import Epoch
from lplcore.training.feeding import Streamed
from tests.shared_data import FOLDER

BATCH, SIDE, CLASSES = 32, 224, 8
GOALS = {"first pass, jpeg": 0.9, "first pass, raw": 0.9, "later pass, jpeg": 1.8, "later pass, raw": 3.0}


def photographs(folder: Path, number: int) -> ImageFiles:
    """A tree of class folders."""
    archive = FOLDER / "coco_mini.zip"
    with zipfile.ZipFile(archive) as opened:
        contents = [opened.read(name) for name in opened.namelist() if name.endswith(".jpg")]
    names = []
    for index in range(number):
        image = Image.open(io.BytesIO(contents[index % len(contents)])).convert("RGB")
        shift = index // len(contents)
        box = (shift, shift, image.width - shift, image.height - shift)
        name = f"{index % CLASSES}/{index}.jpg"
        (folder / name).parent.mkdir(exist_ok=True)
        image.resize((500, 375), Image.Resampling.BICUBIC, box=box).save(folder / name, quality=90)
        names.append(name)
    return image_files(folder, names, Pixels(SIDE))


def seconds_of(batches: Iterable[Tensor], number: int) -> float:
    """Time until all images have come."""
    started = time.perf_counter()
    seen = sum(len(images) for images in batches)
    assert seen == number
    return time.perf_counter() - started


def peer(folder: Path, workers: int) -> Iterable[Tensor]:
    """ImageFolder and DataLoader."""
    transforms = torchvision.transforms
    pipeline = transforms.Compose(
        [
            transforms.RandomResizedCrop(SIDE),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
        ]
    )
    data = torchvision.datasets.ImageFolder(str(folder), pipeline)
    loader: DataLoader[Any] = DataLoader(data, BATCH, shuffle=True, num_workers=workers)
    return (images for images, _ in loader)


def ours(files: ImageFiles, pipeline: InputPipeline, *, number: int) -> Iterable[Tensor]:
    """An epoch as training takes it."""
    augmentation = Sequence(steps=[RandomResizedCrop(), HorizontalFlip()])
    device, standardise = torch.device("cpu"), imagenet_statistics()
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(number))
    bounds = [*range(0, len(files), BATCH), len(files)]
    epoch = Epoch(order, bounds, seed=0, number=number)
    stream = new_stream(files, pipeline)
    feed = Streamed(epoch, augmentation, stream, device)
    for step in range(epoch.steps):
        fed = feed.step(step)
        assert fed.images is not None
        yield standardise(augmentation.after_crop.apply(fed.images, fed.draws))


def with_cache(files: ImageFiles, encoding: Any) -> ImageFiles:
    """The same files with a cache of 256 pixels."""
    pixels = Pixels(SIDE, cache=Cache(size=256, encoding=encoding))
    return ImageFiles(files.root, files.names, files.rows, pixels)


def measured(files: ImageFiles, folder: Path, *, rounds: int, workers: int) -> dict[str, list[float]]:
    """Images per second by side, of each round."""
    rates: dict[str, list[float]] = {}

    def add(name: str, batches: Iterable[Tensor]) -> None:
        rates.setdefault(name, []).append(len(files) / seconds_of(batches, len(files)))

    for each in range(rounds):
        add("ImageFolder + DataLoader", peer(files.root, workers))
        add("no cache", ours(files, InputPipeline(workers), number=each))
        for encoding in ("jpeg", "raw"):
            cache = folder / f"cache-{each}"
            pipeline, kept = InputPipeline(workers, cache_dir=cache), with_cache(files, encoding)
            add(f"first pass, {encoding}", ours(kept, pipeline, number=each))
            add(f"later pass, {encoding}", ours(kept, pipeline, number=each + rounds))
            shutil.rmtree(cache)
    return rates


def rows_of(rates: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Medians, and ratios to the peer of the same round."""
    base = rates["ImageFolder + DataLoader"]
    rows = []
    for name, values in rates.items():
        ratios = [value / other for value, other in zip(values, base, strict=True)]
        rows.append(
            {
                "side": name,
                "images_per_second": statistics.median(values),
                "ratio": statistics.median(ratios),
                "lowest_ratio": min(ratios),
                "highest_ratio": max(ratios),
                "goal": GOALS.get(name),
            }
        )
    return rows


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tree").mkdir()
        files = photographs(folder / "tree", arguments.images)
        size = np.mean([files.path(place).stat().st_size for place in range(len(files))])
        rates = measured(files, folder, rounds=arguments.rounds, workers=arguments.workers)
    rows = rows_of(rates)
    settings = vars(arguments) | {
        "batch": BATCH,
        "pixels": "500 x 375",
        "file_bytes": float(size),
        "pillow": PIL.__version__,
        "torchvision": torchvision.__version__,
    }
    print(environment())
    print_table(rows)
    print(save("image_pipeline", settings=settings, rows=rows))


if __name__ == "__main__":
    main()
