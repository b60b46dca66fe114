"""Arrays as people save them: recognised and said, or refused by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lplcore
from lplcore.data.arrays.archive import read_arrays, task_of_labels
from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.data.rules import FIRST_RULES
from lplcore.datasets.registered import Registered
from lplcore.errors import DatasetError
from lplcore.events import RunStart
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training.runs import end, run

RNG = np.random.default_rng(0)
Y = np.array([0, 1, 2, 0, 1, 2, 0, 0])
X = RNG.normal(size=(8, 3)).astype(np.float32)
LAST = RNG.integers(0, 256, size=(8, 6, 6, 3)).astype(np.uint8)
NAMES = np.array(["cat", "dog", "emu"])
HOT = np.eye(3, dtype=np.int64)[Y]


def read(folder: Path, *, task: str | None = None, rules: int = 2, **arrays: Any) -> RawData:
    """What an archive of these arrays is read as; unless given, both splits are `X` and `Y`."""
    named = {"x_train": X, "y_train": Y, **arrays}
    named = {"x_test": named["x_train"], "y_test": named["y_train"], **named}
    np.savez(folder / "a.npz", **{name: value for name, value in named.items() if value is not None})
    return read_arrays(folder / "a.npz", task=task, rules=rules)


FORMS: dict[str, tuple[dict[str, Any], list[int], tuple[str, ...], str]] = {
    "a column": ({"y_train": Y[:, None]}, Y.tolist(), ("0", "1", "2"), "[N, 1] are read as [N]"),
    "a column of bytes": ({"y_train": Y[:, None].astype(np.uint8)}, Y.tolist(), ("0", "1", "2"), "[N, 1]"),
    "one-hot rows": ({"y_train": HOT}, Y.tolist(), ("0", "1", "2"), "one-hot"),
    "one-hot floats": ({"y_train": HOT.astype(np.float32)}, Y.tolist(), ("0", "1", "2"), "one-hot"),
    "one-hot, an empty class": ({"y_train": np.eye(4)[Y]}, Y.tolist(), ("0", "1", "2", "3"), "one-hot"),
    "from 1": ({"y_train": Y + 1}, Y.tolist(), ("1", "2", "3"), "run from 1 to 3: read as classes 0 to 2"),
    "from 1 with names": ({"y_train": Y + 1, "classes": NAMES}, Y.tolist(), tuple(NAMES), "run from 1 to 3"),
    "a column from 1": ({"y_train": Y[:, None] + 1}, Y.tolist(), ("1", "2", "3"), "run from 1"),
    "text": ({"y_train": NAMES[Y]}, Y.tolist(), ("cat", "dog", "emu"), "labels are text"),
    "bytes": ({"y_train": NAMES[Y].astype("S")}, Y.tolist(), ("cat", "dog", "emu"), "labels are text"),
    "a column of text": ({"y_train": NAMES[Y][:, None]}, Y.tolist(), ("cat", "dog", "emu"), "labels are text"),
    "text in the order of classes": (
        {"y_train": NAMES[Y], "classes": NAMES[::-1]},
        (2 - Y).tolist(),
        ("emu", "dog", "cat"),
        "in the order of the array classes",
    ),
    "numbers as text": (
        {"y_train": np.array(["1", "10", "2"])[Y]},
        [0, 2, 1, 0, 2, 1, 0, 0],
        ("1", "2", "10"),
        "natural order",
    ),
    "text in two forms of Unicode": (
        {"y_train": np.array(["é", "e\u0301", " b "])[Y]},
        [1, 1, 0, 1, 1, 0, 1, 1],
        ("b", "é"),
        "labels are text",
    ),
    "classes in the decomposed form": (
        {"y_train": Y, "classes": np.array(["e\u0301", " b", "c"])},
        Y.tolist(),
        ("é", "b", "c"),
        "",
    ),
    "an empty class": (
        {"y_train": np.where(Y == 1, 3, Y)},
        [0, 3, 2, 0, 3, 2, 0, 0],
        ("0", "1", "2", "3"),
        "without any",
    ),
    "empty class 0 with names": (
        {"y_train": Y + 1, "classes": np.array([*"abcd"])},
        (Y + 1).tolist(),
        tuple("abcd"),
        "without any example: a",
    ),
    "classes that cannot be names": ({"classes": np.array(["a", "a", "b"])}, Y.tolist(), ("0", "1", "2"), "left out"),
    "names of an unknown kind": ({"x_dev": X, "y_dev": Y}, Y.tolist(), ("0", "1", "2"), "not read: 'x_dev', 'y_dev'"),
}


@pytest.mark.parametrize("form", FORMS)
def test_labels_in_another_form_are_recognised_and_said(form: str, tmp_path: Path) -> None:
    arrays, labels, names, note = FORMS[form]
    raw = read(tmp_path, **arrays)
    assert raw.task == "single_label"
    assert raw.y_train.tolist() == labels
    assert raw.y_test.tolist() == labels
    assert raw.classes == names
    assert len(raw.notes) >= 1 if note else raw.notes == ()
    assert note in "; ".join(raw.notes)
    assert task_of_labels(tmp_path / "a.npz") == "single_label"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "255 as no label": ({"y_train": np.where(Y == 2, 255, Y)}, "labels are 0, 1, 255.*255 often marks"),
    "numbers with gaps": ({"y_train": np.where(Y == 2, 9, Y)}, "labels are 0, 1, 9.*number the classes from 0"),
    "negative": ({"y_train": Y - 1}, "y_train: labels run from 0"),
    "objects": ({"y_train": NAMES[Y].astype(object)}, "'y_train' holds pickled objects.*astype\\(str\\)"),
    "objects as names": ({"classes": NAMES.astype(object)}, "'classes' holds pickled objects"),
    "text beside numbers": ({"y_train": NAMES[Y], "y_test": Y}, "y_test: int64 .* beside labels that are text"),
    "blank text": ({"y_train": np.array(["a", " "])[Y % 2]}, "y_train: a label has 1 to 200 printable"),
    "half a character": ({"y_train": np.array(["a", "\ud800"])[Y % 2]}, "y_train: a label has"),
    "text not in classes": (
        {"y_train": NAMES[Y], "classes": np.array(["cat", "dog", "fox"])},
        "y_train: label 'emu' is not in classes",
    ),
    "too few names": ({"classes": NAMES[:2]}, "classes names 2 classes, the labels have 3"),
    "too many names": ({"classes": np.array([*"abcd"])}, "classes names 4 classes, the labels have 3"),
    "too many names of columns": (
        {"y_train": HOT | HOT[::-1], "classes": np.array([*"abcd"])},
        "classes names 4 classes, the labels have 3",
    ),
    "a row without label": ({"y_train": np.vstack([HOT[:7], HOT[:1] * 0])}, "y_train: row 7 has no label"),
    "one-hot of another width": ({"y_train": HOT, "y_test": np.eye(4, dtype=int)[Y]}, "y_test: 4 classes beside the 3"),
    "labels without examples": ({"x_test": None}, "y_test is there but x_test is not"),
    "one array twice": ({"x_val": X, "y_val": Y, "x_validation": X}, "both mean x_validation"),
    "floats beside bytes": (
        {"x_train": LAST, "x_test": LAST / 255},
        "x_test: float64 values that are not whole numbers from 0 to 255 beside the uint8 of x_train",
    ),
    "bytes beside floats": ({"x_train": LAST / 255, "x_test": LAST}, "x_train: float64 .* beside the uint8 of x_test"),
    "two scales": ({"x_train": LAST / 255, "x_test": LAST * 1.0}, "x_train: values up to 1 beside values up to 255"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_recognised_is_refused_by_name(form: str, tmp_path: Path) -> None:
    arrays, message = REFUSED[form]
    with pytest.raises(DatasetError, match=message):
        read(tmp_path, **arrays)


def test_rows_of_one_label_stay_multi_label_where_that_is_asked_for(tmp_path: Path) -> None:
    raw = read(tmp_path, y_train=HOT, task="multi_label")
    assert (raw.task, raw.y_train.tolist(), raw.notes) == ("multi_label", HOT.tolist(), ())
    rows = np.vstack([HOT[:7], HOT[:1] * 0])
    assert read(tmp_path, y_train=rows, task="multi_label").y_train.tolist() == rows.tolist()


def test_few_rows_that_make_a_set_multi_label_are_noted(tmp_path: Path) -> None:
    rows = np.vstack([np.tile(HOT, (5, 1)), [[1, 1, 0]]])
    raw = read(tmp_path, x_train=np.tile(X, (6, 1))[:41], y_train=rows)
    assert raw.task == "multi_label"
    assert raw.notes[0].startswith("multi label, since 2 of 82 rows have not one label")


@pytest.mark.parametrize("names", [("x_val", "y_val"), ("X_val", "Y_val"), ("val_images", "val_labels")])
def test_a_validation_split_by_another_name_is_read(names: tuple[str, str], tmp_path: Path) -> None:
    held_out: dict[str, Any] = {names[0]: X[:4], names[1]: Y[:4]}
    raw = read(tmp_path, **held_out)
    assert raw.y_validation is not None
    assert raw.y_validation.tolist() == Y[:4].tolist()
    assert f"{names[0]} as x_validation, {names[1]} as y_validation" in raw.notes[0]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((8, 6, 6, 3), (3, 6, 6)),
        ((8, 32, 32, 1), (1, 32, 32)),
        ((8, 6, 9, 4), (4, 6, 9)),
        ((8, 4, 4, 3), (3, 4, 4)),
        ((8, 3, 4, 4), (3, 4, 4)),
        ((8, 3, 6, 9), (3, 6, 9)),
        ((8, 1, 6, 6), (1, 6, 6)),
        ((8, 13, 6, 6), None),
        ((8, 2, 6, 6), (2, 6, 6)),
        ((8, 2, 6, 9), (2, 6, 9)),
        ((8, 6, 6), (1, 6, 6)),
        ((8, 3, 3, 3), None),
        ((8, 3, 9, 3), None),
        ((8, 64, 4, 4), None),
        ((8, 6, 6, 13), None),
        ((8, 6, 6, 6), None),
    ],
)
def test_channels_are_found_where_they_are_or_refused(
    shape: tuple[int, ...], expected: tuple[int, ...] | None, tmp_path: Path
) -> None:
    x = RNG.integers(0, 256, size=shape).astype(np.uint8)
    if shape == (8, 13, 6, 6):
        expected = (13, 6, 6)
    if expected is None:
        with pytest.raises(DatasetError, match=r"x_train: .* can be read in two ways; .*moveaxis"):
            read(tmp_path, x_train=x)
        return
    raw = read(tmp_path, x_train=x)
    assert raw.x_train.shape == (8, *expected)
    moved = x.ndim == 4 and x.shape[1:] != expected
    assert np.asarray(raw.x_train).tolist() == (np.moveaxis(x, -1, 1) if moved else x.reshape(8, *expected)).tolist()
    assert len(raw.notes) == (moved or x.ndim == 3)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint16])
def test_whole_numbers_beside_bytes_become_bytes(dtype: Any, tmp_path: Path) -> None:
    raw = read(tmp_path, x_train=LAST, x_test=LAST.astype(dtype))
    assert np.asarray(raw.x_test).dtype == np.uint8
    assert np.asarray(raw.x_test).tolist() == np.asarray(raw.x_train).tolist()
    assert "x_test: whole numbers from 0 to 255 beside uint8" in "; ".join(raw.notes)


@pytest.mark.parametrize("grey", [True, False])
def test_files_of_keras_work_as_they_come(grey: bool, tmp_path: Path) -> None:
    x = LAST[..., 0] if grey else LAST
    y = Y if grey else Y[:, None].astype(np.uint8)
    raw = read(tmp_path, x_train=x, y_train=y)
    assert raw.x_train.shape == ((8, 1, 6, 6) if grey else (8, 3, 6, 6))
    assert (raw.task, raw.y_train.tolist(), raw.classes) == ("single_label", Y.tolist(), ("0", "1", "2"))


@pytest.mark.parametrize("kind", ["colour", "grey", "several findings"])
def test_files_of_medmnist_work_as_they_come(kind: str, tmp_path: Path) -> None:
    several = kind == "several findings"
    images = LAST if kind == "colour" else LAST[..., 0]
    labels = np.vstack([HOT[:6], [[0, 0, 0], [1, 0, 1]]]) if several else Y[:, None]
    arrays: dict[str, Any] = {f"{split}_{name}": value for split in ("train", "val", "test") for name, value in (
        ("images", images), ("labels", labels.astype(np.uint8)))}  # fmt: skip
    np.savez(tmp_path / "medmnist.npz", **arrays)
    registered = {"med": RegisteredDataset("med", str(tmp_path / "medmnist.npz"))}
    info = dataset_info(Registered(name="med"), datasets=registered)
    assert info.task == ("multi_label" if several else "single_label")
    assert (info.num_train, info.num_validation, info.num_test) == (8, 8, 8)
    assert info.input_shape == ((3, 6, 6) if kind == "colour" else (1, 6, 6))
    assert info.class_counts == ((3, 2, 3) if several else (4, 2, 2))
    spec = {"dataset": "med", "epochs": 1, "batch_size": 4, "method": "r_bce" if several else "lpl"}
    events = run(spec, datasets=registered)
    assert end(events).outcome == "succeeded", end(events).message
    assert isinstance(events[0], RunStart)
    assert events[0].notes == list(info.notes)
    assert "train_images as x_train" in events[0].notes[0]


def test_a_set_registered_by_version_0_1_0_is_read_as_it_was(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"x_train": LAST, "y_train": Y + 1, "classes": NAMES, "x_val": LAST, "x_test": LAST / 255}
    raw = read(tmp_path, rules=1, **arrays)
    assert (raw.x_train.shape, raw.classes) == ((8, 6, 6, 3), ("0", "1", "2", "3"))
    assert (raw.y_train.tolist(), raw.x_validation) == ((Y + 1).tolist(), None)
    assert raw.notes == (FIRST_RULES,)
    hot = read(tmp_path, rules=1, task="multi_label", y_train=HOT)
    assert hot.task == "multi_label"


def test_a_task_that_nobody_said_is_that_of_the_labels(tmp_path: Path) -> None:
    read(tmp_path, y_train=HOT)
    registered = {"hot": RegisteredDataset("hot", str(tmp_path / "a.npz"))}
    spec = lplcore.parse_spec({"dataset": "hot", "method": "lpl"}, datasets=registered)
    assert spec.method.loss.name == "cross_entropy"
    assert load(spec.dataset, seed=0, datasets=registered).info.task == "single_label"
