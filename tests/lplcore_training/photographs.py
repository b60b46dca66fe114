"""Folders of small JPEG files of several sizes."""

from pathlib import Path

import numpy as np
from PIL import Image

from lplcore.data.raw import RegisteredDataset


def written(folder: Path, *, train: int, test: int, side: tuple[int, int] = (14, 44)) -> dict[str, RegisteredDataset]:
    """A folder of JPEG files with labels.csv."""
    generator, lines = np.random.default_rng(0), ["split,file,labels"]
    for index in range(train + test):
        small, large = side
        width, height = generator.integers(small, large, endpoint=True, size=2)
        coarse = generator.integers(0, 256, size=(4, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((int(width), int(height))).save(folder / f"{index}.jpg", quality=90)
        lines.append(f"{'train' if index < train else 'test'},{index}.jpg,{'cat' if index % 3 else 'dog'}")
    (folder / "labels.csv").write_text("\n".join([*lines, ""]))
    return {"photographs": RegisteredDataset("photographs", str(folder), "labelled_images")}
