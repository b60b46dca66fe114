"""scikit-learn's handwritten digits: 1,797 images of 8x8 pixels, 10 classes."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from lplcore.datasets import Dataset, DatasetError, RawData, RegisteredDataset

TEST_EVERY = 5
"""Every fifth example of each class is a test example, whatever the seed."""


class Digits(Dataset):
    """Handwritten digits that come with scikit-learn; four fifths of each class train, one fifth tests."""

    title: ClassVar[str] = "Handwritten digits (8x8)"
    citation: ClassVar[str] = "Alpaydin, Kaynak, Optical recognition of handwritten digits, UCI, 1998"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["digits"] = "digits"

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        try:
            bunch = importlib.import_module("sklearn.datasets").load_digits()
        except ImportError as error:
            raise DatasetError("name", "digits comes with scikit-learn; pip install scikit-learn") from error
        images = bunch.images.astype(np.uint8)[:, None]
        labels = bunch.target.astype(np.int64)
        place = np.zeros_like(labels)
        for c in range(10):
            place[labels == c] = np.arange((labels == c).sum())
        test = place % TEST_EVERY == TEST_EVERY - 1
        return RawData(
            classes=tuple(str(c) for c in range(10)),
            x_train=images[~test],
            y_train=labels[~test],
            x_test=images[test],
            y_test=labels[test],
        )
