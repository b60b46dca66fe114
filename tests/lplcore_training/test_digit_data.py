"""Made data sets of digits: what they say they hold, the same every time, test digits in tests alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lplcore
from lplcore.data.raw import RawData
from lplcore.datasets.digits import splits
from lplcore.plugin import get

HERE = Path()


def read(name: str, **fields: Any) -> RawData:
    raw: RawData = get("dataset", name)(**fields).read(HERE, {})
    return raw


def labels_of_digits(part: int) -> dict[bytes, int]:
    """Pixels -> label of scikit-learn's training (0) or test (1) digits."""
    digits = splits()[part]
    return {image.tobytes(): int(y) for image, y in zip(digits.images, digits.labels, strict=True)}


def test_pairs_have_a_hundred_classes_alike() -> None:
    raw = read("digit_pairs")
    assert raw.classes[:2] + raw.classes[-1:] == ("00", "01", "99")
    assert np.bincount(raw.y_train).tolist() == [200] * 100
    assert np.bincount(raw.y_test).tolist() == [20] * 100
    info = lplcore.dataset_info(get("dataset", "digit_pairs")(imbalance_factor=100.0))
    assert (max(info.class_counts), min(info.class_counts), info.input_shape) == (200, 2, (1, 8, 16))


@pytest.mark.parametrize(("part", "images", "labels"), [(0, "x_train", "y_train"), (1, "x_test", "y_test")])
def test_a_pair_is_the_number_of_its_digits_from_the_same_split(part: int, images: str, labels: str) -> None:
    raw, digits = read("digit_pairs"), labels_of_digits(part)
    for image, number in list(zip(getattr(raw, images), getattr(raw, labels), strict=True))[::7]:
        tens, ones = (digits[half.tobytes()] for half in np.split(image, 2, axis=2))
        assert 10 * tens + ones == number


@pytest.mark.parametrize("places", [2, 4])
@pytest.mark.parametrize(("part", "images", "labels"), [(0, "x_train", "y_train"), (1, "x_test", "y_test")])
def test_labels_of_a_set_are_its_digits_from_the_same_split(part: int, images: str, labels: str, places: int) -> None:
    raw, digits = read("digit_sets", places=places), labels_of_digits(part)
    seen = set()
    for image, row in list(zip(getattr(raw, images), getattr(raw, labels), strict=True))[::7]:
        squares = [square for half in np.split(image, places // 2, axis=1) for square in np.split(half, 2, axis=2)]
        there = sorted(digits[square.tobytes()] for square in squares if square.any())
        assert there == np.flatnonzero(row).tolist()
        seen.add(len(there))
    assert seen == set(range(1, places + 1))


@pytest.mark.parametrize(("places", "shape"), [(2, (1, 8, 16)), (4, (1, 16, 16))])
def test_sets_have_a_long_tail_in_training_alone(places: int, shape: tuple[int, ...]) -> None:
    raw = read("digit_sets", places=places)
    info = lplcore.dataset_info(get("dataset", "digit_sets")(places=places))
    assert (info.task, info.num_train, info.num_test, info.input_shape) == ("multi_label", 1200, 1000, shape)
    assert list(info.class_counts) == sorted(info.class_counts, reverse=True)
    assert info.imbalance_factor > 50
    assert {info.shot_group(count) for count in info.class_counts} == {"many", "medium", "few"}
    test = raw.y_test.sum(axis=0)
    assert test.max() < 1.3 * test.min()


@pytest.mark.parametrize(
    ("name", "fields"), [("digit_pairs", {}), ("digit_sets", {"places": 2}), ("digit_sets", {"places": 4})]
)
def test_they_are_the_same_every_time(name: str, fields: dict[str, Any]) -> None:
    first, second = read(name, **fields), read(name, **fields)
    for field in ("x_train", "y_train", "x_test", "y_test"):
        assert np.array_equal(getattr(first, field), getattr(second, field))


def test_the_numbers_of_each_digit_are_those_of_every_version_of_numpy() -> None:
    assert read("digit_sets").y_train.sum(axis=0).tolist() == [668, 429, 268, 192, 123, 66, 38, 25, 13, 9]
    assert read("digit_sets", places=4).y_train.sum(axis=0).tolist() == [919, 683, 533, 371, 235, 146, 92, 58, 30, 16]
