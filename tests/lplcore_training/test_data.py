"""Subsets, splits and the files of array data sets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lplcore import plugin
from lplcore.data.arrays.archive import read_arrays
from lplcore.data.normalization import training_statistics
from lplcore.data.raw import RegisteredDataset, raw_facts
from lplcore.data.splits import LoadedDataset
from lplcore.datasets import Dataset
from lplcore.datasets.registered import Registered
from lplcore.errors import DatasetError, SpecError
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import dataset_info, load


def digits(**fields: Any) -> Dataset:
    record: Dataset = plugin.get("dataset", "digits")(**fields)
    return record


def npz(folder: Path, **arrays: Any) -> dict[str, RegisteredDataset]:
    """An `.npz` registered as `mine`."""
    np.savez(folder / "mine.npz", **arrays)
    return {"mine": RegisteredDataset(name="mine", path=str(folder / "mine.npz"))}


def counts(loaded: LoadedDataset) -> list[int]:
    return [int(n) for n in np.bincount(loaded.train.y.numpy(), minlength=len(loaded.info.classes))]


def numbered(folder: Path, per_class: int = 40) -> dict[str, RegisteredDataset]:
    """Three classes whose only feature is the example's number, and a test set with numbers of its own."""
    y = np.repeat(np.arange(3), per_class)
    x = np.arange(len(y), dtype=np.float32)[:, None]
    return npz(folder, x_train=x, y_train=y, x_test=x + 1000, y_test=y)


def test_digits_have_a_fixed_stratified_test_split() -> None:
    first, second = load(digits(), seed=0), load(digits(imbalance_factor=20, validation_fraction=0.3), seed=9)
    assert first.test is not None
    assert second.test is not None
    assert torch.equal(first.test.held, second.test.held)
    assert np.bincount(first.test.y.numpy()).tolist() == [35, 36, 35, 36, 36, 36, 36, 35, 34, 36]
    assert len(first.train.y) + len(first.test.y) == 1797


def test_imbalance_factor_one_leaves_the_set_as_it_is() -> None:
    assert counts(load(digits(), seed=0)) == [143, 146, 142, 147, 145, 146, 145, 144, 140, 144]


def test_exponential_profile_by_hand(tmp_path: Path) -> None:
    registered = numbered(tmp_path)
    loaded = load(Registered(name="mine", imbalance_factor=16), seed=0, datasets=registered)
    assert counts(loaded) == [40, 10, 2]
    assert loaded.info.class_counts == (40, 10, 2)
    assert loaded.info.num_train == 52


def test_step_profile_by_hand(tmp_path: Path) -> None:
    record = Registered(name="mine", imbalance_factor=4, imbalance_profile="step")
    assert counts(load(record, seed=0, datasets=numbered(tmp_path))) == [40, 40, 10]


def test_a_subset_depends_on_the_seed_and_nothing_else(tmp_path: Path) -> None:
    registered = numbered(tmp_path)
    record = Registered(name="mine", imbalance_factor=10, validation_fraction=0.25, subset_seed=None)
    torch.default_generator.manual_seed(1)
    first = load(record, seed=3, datasets=registered)
    torch.default_generator.manual_seed(2)
    again = load(record, seed=3, datasets=registered)
    other = load(record, seed=4, datasets=registered)
    assert torch.equal(first.train.held, again.train.held)
    assert first.validation is not None
    assert again.validation is not None
    assert torch.equal(first.validation.held, again.validation.held)
    assert not torch.equal(first.train.held, other.train.held)


def test_validation_is_stratified_and_shares_nothing_with_training_or_test(tmp_path: Path) -> None:
    record = Registered(name="mine", imbalance_factor=10, validation_fraction=0.25)
    loaded = load(record, seed=0, datasets=numbered(tmp_path))
    assert loaded.validation is not None
    assert loaded.test is not None
    assert np.bincount(loaded.validation.y.numpy()).tolist() == [10, 10, 10]
    train, held_out = set(loaded.train.held[:, 0].tolist()), set(loaded.validation.held[:, 0].tolist())
    assert not train & held_out
    assert max(train | held_out) < 1000
    assert loaded.test.held.min() >= 1000
    assert len(loaded.test.y) == 120


def test_the_validation_split_is_drawn_before_the_subset(tmp_path: Path) -> None:
    registered = numbered(tmp_path)
    splits = [
        load(
            Registered(name="mine", imbalance_factor=f, validation_fraction=0.25), seed=0, datasets=registered
        ).validation
        for f in (1, 10)
    ]
    assert splits[0] is not None
    assert splits[1] is not None
    assert torch.equal(splits[0].held, splits[1].held)


@pytest.mark.parametrize("seed", range(3))
def test_facts_agree_with_what_is_loaded(seed: int) -> None:
    record = digits(imbalance_factor=7.5, validation_fraction=0.13)
    info, loaded = dataset_info(record), load(record, seed=seed)
    assert info == loaded.info
    assert counts(loaded) == list(info.class_counts)
    assert loaded.validation is not None
    assert len(loaded.validation.y) == info.num_validation


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"imbalance_factor": 1e6}, "imbalance_factor"), ({"validation_fraction": 0.001}, "validation_fraction")],
)
def test_impossible_subsets_are_refused(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(DatasetError) as caught:
        dataset_info(digits(**fields))
    assert caught.value.field == field


def test_a_second_validation_split_is_refused(tmp_path: Path) -> None:
    x, y = np.zeros((8, 2), dtype=np.float32), np.arange(8) % 2
    registered = npz(tmp_path, x_train=x, y_train=y, x_validation=x, y_validation=y, x_test=x, y_test=y)
    assert dataset_info(Registered(name="mine"), datasets=registered).num_validation == 8
    with pytest.raises(DatasetError, match="of its own"):
        dataset_info(Registered(name="mine", validation_fraction=0.5), datasets=registered)


def test_facts_follow_the_file(tmp_path: Path) -> None:
    record = Registered(name="mine")
    assert dataset_info(record, datasets=numbered(tmp_path, 40)).num_train == 120
    assert dataset_info(record, datasets=numbered(tmp_path, 41)).num_train == 123


def test_a_file_that_changed_since_registration_is_refused(tmp_path: Path) -> None:
    registered = numbered(tmp_path)
    entry = RegisteredDataset(name="mine", path=registered["mine"].path, sha256="0" * 64)
    with pytest.raises(DatasetError, match="changed since it was registered"):
        load(Registered(name="mine"), seed=0, datasets={"mine": entry})


X, Y = np.zeros((6, 3), dtype=np.float32), np.arange(6) % 2
ROWS = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 0, 0], [0, 1, 0]])
GOOD: dict[str, Any] = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}


def test_inspection_reports_counts_and_shapes(tmp_path: Path) -> None:
    images = np.zeros((6, 3, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", **{**GOOD, "x_train": images, "x_test": images})
    info = raw_facts(read_arrays(tmp_path / "a.npz"), sha256=None)
    assert (info.task, info.class_counts, info.input_shape) == ("single_label", (3, 3), (3, 4, 4))
    assert (info.num_train, info.num_validation, info.num_test) == (6, 0, 6)


def test_multi_hot_rows_are_multi_label(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=X, y_train=ROWS, x_test=X, y_test=ROWS)
    info = raw_facts(read_arrays(tmp_path / "a.npz"), sha256=None)
    assert (info.task, info.class_counts) == ("multi_label", (3, 2, 3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_train": None}, "lacks y_train"),
        ({"y_train": Y[:5]}, "y_train"),
        ({"y_train": Y - 1}, "from 0"),
        ({"y_train": Y + 0.5}, "whole numbers"),
        ({"y_train": np.array([object()] * 6)}, "pickled"),
        ({"y_train": np.zeros(6, dtype=np.int64), "y_test": np.zeros(6, dtype=np.int64)}, "two classes"),
        ({"x_train": X * np.nan}, "not finite"),
        ({"x_train": X[:0], "y_train": Y[:0]}, "x_train"),
        ({"x_train": np.array(["a"] * 18).reshape(6, 3)}, "numbers"),
        ({"x_test": X[:, :2]}, r"x_test: \[6, 2\] does not fit x_train \[6, 3\]"),
        ({"y_test": ROWS}, r"y_test: \[6, 3\] does not fit y_train \[6\]"),
        ({"y_train": ROWS, "y_test": ROWS[:, :2]}, r"y_test: \[6, 2\] does not fit y_train \[6, 3\]"),
        ({"y_train": ROWS, "y_test": ROWS, "x_validation": X, "y_validation": ROWS[:, 1:]}, "y_validation"),
        ({"y_train": 0 * ROWS, "y_test": ROWS}, "no example has a label"),
        ({"y_train": ROWS.astype(float), "y_test": ROWS}, r"save y\.astype\(int\)"),
        ({"y_test": None}, "y_test"),
    ],
)
def test_wrong_arrays_are_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    arrays = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DatasetError, match=message):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize(("task", "labels"), [("single_label", ROWS), ("multi_label", Y)])
def test_labels_of_another_task_than_registered_are_refused(task: str, labels: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=X, y_train=labels, x_test=X, y_test=labels)
    entry = RegisteredDataset("a", str(tmp_path / "a.npz"), task=task)
    with pytest.raises(DatasetError, match=f"labels, but is registered as {task}"):
        Registered(name="a").read(tmp_path, {"a": entry})


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", **GOOD)
    whole = (tmp_path / "a.npz").read_bytes()
    damaged = [
        b"",
        b"junk",
        whole[: len(whole) // 2],
        whole[:60] + b"\xff" * 20 + whole[80:],
        b"PK\x03\x04" + b"\0" * 99,
    ]
    for content in damaged:
        (tmp_path / "b.npz").write_bytes(content)
        with pytest.raises(DatasetError):
            read_arrays(tmp_path / "b.npz")
    with pytest.raises(DatasetError, match="not there"):
        read_arrays(tmp_path / "absent.npz")


def test_normalisation_by_the_training_statistics() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(5000, 3, 4, 4)).astype(np.uint8)
    images[:, 1] = 7
    result = training_statistics(images)(torch.from_numpy(images))
    assert result.dtype == torch.float32
    assert torch.allclose(result.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(result.std(dim=(0, 2, 3)), torch.tensor([1.0, 0.0, 1.0]), atol=1e-4)


def test_normalisation_of_features_far_from_zero_keeps_their_spread() -> None:
    x = (np.random.default_rng(0).normal(size=(1000, 2)) + 30000).astype(np.float32)
    result = training_statistics(x)(torch.from_numpy(x))
    assert torch.allclose(result.std(dim=0), torch.ones(2), atol=0.01)


def test_images_may_be_normalised_to_a_range() -> None:
    loaded = load(digits(input_range=[-1.0, 0.0]), seed=0)
    stored = torch.tensor([0, 51, 255], dtype=torch.uint8)[:, None, None, None]
    assert loaded.normalization(stored).flatten().tolist() == pytest.approx([-1.0, -0.8, 0.0], abs=1e-6)
    assert loaded.normalization(loaded.train.held).min() == -1.0
    plain = load(digits(), seed=0)
    assert torch.equal(plain.train.held, loaded.train.held)
    assert plain.normalization(plain.train.held).std().item() == pytest.approx(1.0, abs=1e-3)


def test_a_range_is_refused_for_vectors(tmp_path: Path) -> None:
    entry = numbered(tmp_path)
    dataset = Registered(name="mine", input_range=[0.0, 1.0])
    with pytest.raises(DatasetError, match="is for images") as caught:
        dataset_info(dataset, datasets=entry)
    assert caught.value.field == "input_range"


@pytest.mark.parametrize("wrong", [[1, 0], [0, 0], [0], [0, 1, 2], ["a", 1]])
def test_a_range_is_two_numbers_that_rise(wrong: list[Any]) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({"dataset": {"name": "digits", "input_range": wrong}, "method": "cross_entropy"})
    assert caught.value.errors[0]["path"].startswith("dataset.input_range")
