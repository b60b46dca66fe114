"""scikit-learn's handwritten digits: 1,797 images of 8x8 pixels, 10 classes."""

import importlib.util
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.datasets import Dataset
from lplcore.errors import DatasetError

TEST_EVERY = 5
"""Every fifth example of each class is a test example, whatever the seed."""


class Digits(Dataset):
    """Handwritten digits that come with scikit-learn; four fifths of each class train, one fifth tests."""

    title: ClassVar[str] = "Handwritten digits (8x8)"
    citation: ClassVar[str] = "Alpaydin, Kaynak, Optical recognition of handwritten digits, UCI, 1998"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["digits"] = "digits"

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        train, test = splits()
        return RawData(
            classes=tuple(str(c) for c in range(10)),
            x_train=train.images,
            y_train=train.labels,
            x_test=test.images,
            y_test=test.labels,
        )


class LabelledDigits(NamedTuple):
    """Images [N, 1, 8, 8] and their labels [N]."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

    def drawn(self, wanted: npt.NDArray[np.int64], random: np.random.RandomState) -> npt.NDArray[np.uint8]:
        """[M, 1, 8, 8] an image at random for each of the wanted digits [M]."""
        chosen = np.empty(len(wanted), dtype=np.int64)
        for digit in range(10):
            places = wanted == digit
            chosen[places] = random.choice(np.flatnonzero(self.labels == digit), places.sum())
        return self.images[chosen]


def splits() -> tuple[LabelledDigits, LabelledDigits]:
    """Training and test digits."""
    rows = decoded(digits_file())
    images = rows[:, :-1].reshape(-1, 1, 8, 8)
    labels = rows[:, -1].astype(np.int64)
    place = np.zeros_like(labels)
    for c in range(10):
        place[labels == c] = np.arange((labels == c).sum())
    test = place % TEST_EVERY == TEST_EVERY - 1
    return LabelledDigits(images[~test], labels[~test]), LabelledDigits(images[test], labels[test])


@lru_cache(maxsize=1)
def decoded(path: Path) -> npt.NDArray[np.uint8]:
    """[1797, 65] the file's rows, read-only: a process parses it once."""
    rows = np.loadtxt(path, delimiter=",", dtype=np.uint8)
    rows.flags.writeable = False
    return rows


def digits_file() -> Path:
    """The file with one row of 64 pixels (0 to 16) and the label per image.

    It is read where scikit-learn has it: importing scikit-learn takes a second, reading the file milliseconds.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise DatasetError("name", "digits comes with scikit-learn; pip install scikit-learn")
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if not path.is_file():
        raise DatasetError("name", f"scikit-learn's {path.name} is not at {path}; install scikit-learn 1.6 to 1.9")
    return path
