"""Several handwritten digits in an image: a made multi-label data set with a long tail that is always there."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.datasets import Dataset
from lplcore.datasets.digits import LabelledDigits, splits

IntArray: TypeAlias = npt.NDArray[np.int64]
TRAIN, TEST = 1200, 1000
RATIO = 100.0
"""How much likelier a training image's digit is a 0 than a 9."""


class DigitSets(Dataset):
    """Different digits of scikit-learn's in one image; the labels are which digits are there.

    Made, and every time the same. An image has places for two digits side by side (8x16 pixels) or for four in a square
    (16x16); one digit to as many as there are places, all numbers alike often, stand at places drawn at random, the
    others are black. In the 1,200 training images the digits are long-tailed from 0 to 9, in the 1,000 test images, of
    test digits, they are alike.
    """

    title: ClassVar[str] = "Sets of handwritten digits (made, multi-label)"
    citation: ClassVar[str] = "Alpaydin, Kaynak, Optical recognition of handwritten digits, UCI, 1998; joined here"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})

    name: Literal["digit_sets"] = "digit_sets"
    places: Literal[2, 4] = Field(2, description="most digits in an image")

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        train_digits, test_digits = splits()
        random = np.random.RandomState(0)  # its numbers are the same in every version of NumPy
        tail, alike = RATIO ** (-np.arange(10) / 9), np.ones(10)
        train, test = (drawn_sets(n, self.places, share, random) for n, share in ((TRAIN, tail), (TEST, alike)))
        return RawData(
            classes=tuple(str(c) for c in range(10)),
            x_train=together(train_digits, train, random),
            y_train=multi_hot(train),
            x_test=together(test_digits, test, random),
            y_test=multi_hot(test),
            task="multi_label",
        )


def drawn_sets(n: int, places: int, shares: npt.NDArray[np.float64], random: np.random.RandomState) -> IntArray:
    """[n, places] different digits, -1 where a place is empty.

    Args:
        shares: [10] how likely each digit is to be drawn next.
    """
    # The largest of log(share) + Gumbel noise are a draw without replacement.
    keys = np.log(shares) - np.log(-np.log(random.random_sample((n, 10))))
    digits = np.argsort(-keys, axis=1, kind="stable")[:, :places]
    empty = np.arange(places) >= random.randint(1, places + 1, size=(n, 1))
    digits[empty] = -1
    order = np.argsort(random.random_sample((n, places)), axis=1, kind="stable")
    return np.take_along_axis(digits, order, axis=1)


def multi_hot(sets: IntArray) -> IntArray:
    """[N, 10] of sets of digits [N, places]."""
    return np.stack([(sets == c).any(axis=1) for c in range(10)], axis=1).astype(np.int64)


def together(digits: LabelledDigits, sets: IntArray, random: np.random.RandomState) -> npt.NDArray[np.uint8]:
    """[N, 1, 8 or 16, 16] images of sets of digits [N, places]."""
    n, places = sets.shape
    parts = digits.drawn(np.maximum(sets, 0).ravel(), random)
    parts[sets.ravel() < 0] = 0
    rows = parts.reshape(n, places // 2, 2, 8, 8)
    return rows.transpose(0, 1, 3, 2, 4).reshape(n, 1, places * 4, 16)
