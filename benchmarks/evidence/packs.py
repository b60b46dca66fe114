"""Long-tailed subsets of CIFAR in one file each, small enough to travel, losslessly.

    python -m benchmarks.evidence.packs FOLDER OUT [NAME ...]

FOLDER holds CIFAR as published (`cifar-100-binary`, `cifar-100-python`, `cifar-10-batches-py`, ...) or a subset as
`NAME.npz` (x_train, y_train, x_test, y_test); OUT gets `NAME.zip`: images as WebP sheets, labels as JSON. Needs Pillow.
"""

import argparse
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import lplcore
from benchmarks.evidence.cells import DATA
from lplcore.datasets.cifar10 import Cifar10
from lplcore.datasets.cifar100 import Cifar100
from lplcore.training.loading import load

Images = npt.NDArray[np.uint8]
CIFAR: Mapping[str, type[Cifar10 | Cifar100]] = {"cifar10": Cifar10, "cifar100": Cifar100}
COLUMNS = 128
"""Images side by side in a sheet."""
SPLITS = ("train", "test")


def registered(name: str, folder: Path) -> lplcore.RegisteredDataset:
    """The subset of that name from a folder that has its pack, its arrays or the whole data set.

    Raises:
        FileNotFoundError: the folder has none of them.
    """
    if (pack := folder / f"{name}.zip").is_file():
        return unpacked(pack)
    arrays = [folder / f"{name}.npz", folder / f"{name.replace('_lt_', '_lt_if')}.npz"]
    for path in arrays:
        if path.is_file():
            with np.load(path) as held:
                pairs = [(held[f"x_{split}"], held[f"y_{split}"]) for split in SPLITS]
            return lplcore.in_memory(name, pairs[0], test=pairs[1], task="single_label")
    return subset(name, folder)


def subset(name: str, folder: Path) -> lplcore.RegisteredDataset:
    """The subset that a spec with this imbalance factor trains on, from the whole data set's files.

    Raises:
        FileNotFoundError: they are not there.
    """
    record = CIFAR[DATA[name].dataset](imbalance_factor=DATA[name].imbalance_factor)
    with tempfile.TemporaryDirectory() as data_dir:
        (Path(data_dir) / "datasets").symlink_to(folder.resolve())
        try:
            held = load(record, seed=0, data_dir=data_dir)
        except lplcore.DatasetError as error:
            raise FileNotFoundError(f"{folder} has neither {name}.zip nor {name}.npz nor all of CIFAR") from error
    assert held.test is not None
    train, test = ((split.held.numpy(), split.y.numpy()) for split in (held.train, held.test))
    return lplcore.in_memory(name, train, test=test, classes=held.info.classes, task="single_label")


def write_pack(entry: lplcore.RegisteredDataset, folder: Path) -> Path:
    """Write `<name>.zip`; it appears when it is complete."""
    assert entry.raw is not None
    raw, path = entry.raw, folder / f"{entry.name}.zip"
    labels = {"classes": list(raw.classes), "train": raw.y_train.tolist(), "test": raw.y_test.tolist()}
    folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    with zipfile.ZipFile(beside, "w") as pack:
        pack.writestr("labels.json", json.dumps(labels), zipfile.ZIP_DEFLATED)
        for split, images in zip(SPLITS, (raw.x_train, raw.x_test), strict=True):
            assert isinstance(images, np.ndarray)
            pack.writestr(f"{split}.webp", sheet(images))
    beside.replace(path)
    return path


def unpacked(path: Path) -> lplcore.RegisteredDataset:
    """The data set of a pack, in memory."""
    with zipfile.ZipFile(path) as pack:
        labels: dict[str, Any] = json.loads(pack.read("labels.json"))
        train, test = ((tiles(pack.read(f"{split}.webp"), len(labels[split])), labels[split]) for split in SPLITS)
    return lplcore.in_memory(path.stem, train, test=test, classes=labels["classes"], task="single_label")


def sheet(images: Images) -> bytes:
    """Images [N, 3, H, W] as one lossless WebP picture, row by row."""
    number, channels, height, width = images.shape
    rows = -(-number // COLUMNS)
    grid = np.zeros((rows * COLUMNS, channels, height, width), dtype=np.uint8)
    grid[:number] = images
    pixels = grid.reshape(rows, COLUMNS, channels, height, width).transpose(0, 3, 1, 4, 2)
    written = io.BytesIO()
    Image.fromarray(pixels.reshape(rows * height, COLUMNS * width, channels)).save(written, "webp", lossless=True)
    return written.getvalue()


def tiles(content: bytes, number: int, *, side: int = 32) -> Images:
    """The images [N, 3, side, side] of a sheet."""
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    rows = pixels.shape[0] // side
    grid = pixels.reshape(rows, side, COLUMNS, side, 3).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(grid.reshape(-1, 3, side, side)[:number])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", default=list(DATA), choices=list(DATA), metavar="NAME")
    arguments = parser.parse_args()
    for name in arguments.names:
        path = write_pack(registered(name, arguments.folder), arguments.out)
        print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
