"""Numbers of two handwritten digits: a made data set of 100 classes that is always there."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.datasets import Dataset
from lplcore.datasets.digits import LabelledDigits, splits

TRAIN, TEST = 200, 20
"""Examples of each class."""


class DigitPairs(Dataset):
    """Two of scikit-learn's digits side by side, 8x16 pixels, and the number that they are, 00 to 99.

    Made, and every time the same: 200 training examples of each class from the training digits, 20 test examples from
    the test digits, each with digits drawn anew.
    """

    title: ClassVar[str] = "Pairs of handwritten digits (8x16, made)"
    citation: ClassVar[str] = "Alpaydin, Kaynak, Optical recognition of handwritten digits, UCI, 1998; paired here"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["digit_pairs"] = "digit_pairs"

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        train, test = splits()
        random = np.random.RandomState(0)  # its numbers are the same in every version of NumPy
        y_train, y_test = (np.arange(100).repeat(each) for each in (TRAIN, TEST))
        return RawData(
            classes=tuple(f"{number:02d}" for number in range(100)),
            x_train=paired(train, y_train, random),
            y_train=y_train,
            x_test=paired(test, y_test, random),
            y_test=y_test,
        )


def paired(
    digits: LabelledDigits, numbers: npt.NDArray[np.int64], random: np.random.RandomState
) -> npt.NDArray[np.uint8]:
    """[N, 1, 8, 16] images of these numbers [N]."""
    return np.concatenate([digits.drawn(half, random) for half in np.divmod(numbers, 10)], axis=3)
