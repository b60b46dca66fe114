"""The networks that docs/networks.md lists, and a data set of four images to train them on."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lplcore.data.raw import RegisteredDataset
from tests.grids import campaign

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
ROW = re.compile(r"\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \| (\d+) \| (\d+) \|")
QUICK = ("shufflenet_v2_x1_0", "regnet_y_400mf", "vit_tiny_patch16_224", "mobilenetv3_large_100")
"""Small ones of four families; the rest is for `make test-all`."""
DEGENERATE_AT_32 = "densenet121"
"""Normalises over two values where it gets two images of 32 x 32, and its gradients explode."""


class Listed(NamedTuple):
    """A row of the page."""

    library: str
    architecture: str
    parameters: int
    features: int
    stages: int
    smallest: int

    @property
    def side(self) -> int:
        """Height and width of images to train it on."""
        return 64 if self.architecture == DEGENERATE_AT_32 else 32


def listed() -> list[Listed]:
    """Every supported network."""
    rows: list[Listed] = []
    library = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("### "):
            library = line.removeprefix("### ")
        if row := ROW.fullmatch(line):
            numbers = [int(number.replace(",", "")) for number in row.groups()[1:]]
            rows.append(Listed(library, row[1], *numbers))
    return rows


def each(*libraries: str) -> list[Any]:
    """Every supported network, of these libraries or of both, as a test's parameter."""
    rows = [row for row in listed() if row.library in (libraries or ("torchvision", "timm"))]
    return [row if row.architecture in QUICK else campaign(row) for row in rows]


def images(folder: Path, *, side: int = 32, channels: int = 3, per_class: int = 2) -> dict[str, RegisteredDataset]:
    """A set of two classes, registered as `images`."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (2 * per_class, channels, side, side), dtype=np.uint8)
    y = np.arange(2 * per_class) % 2
    np.savez(folder / "images.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    return {"images": RegisteredDataset("images", str(folder / "images.npz"))}


def spec_of(model: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Two steps on these images."""
    return {
        "dataset": "images",
        "model": model,
        "method": "lpl",
        "augmentation": "none",
        "optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0},
        "schedule": "constant",
        "epochs": 1,
        "batch_size": 2,
        "device": "cpu",
        **changes,
    }
