"""Arrays in an `.npz`: read and checked; pickled objects are never opened."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lplcore.data.arrays import inputs as array_inputs
from lplcore.data.arrays import labels as array_labels
from lplcore.data.arrays.names import OURS, refuse_halves, roles_of
from lplcore.data.arrays.unlabelled import without_unlabelled
from lplcore.data.class_names import fits
from lplcore.data.data_files import MAX_ARRAY_BYTES
from lplcore.data.raw import RawData
from lplcore.data.rules import FIRST_RULES, RULES
from lplcore.errors import DatasetError
from lplcore.frame.labels import UNKNOWN
from lplcore.plugin import quoted

REQUIRED = ("x_train", "y_train")
SPLITS = ("train", "validation", "test")
SMALL_BYTES, MAX_EXPANSION = 2**28, 100
"""A larger archive may not expand more than so many times."""
FORMAT = (
    "give x_train, y_train and x_test, y_test (x: [N, D] floats or [N, channels, H, W] uint8; y: [N] integers from 0, "
    "names of classes, or multi-hot rows [N, C] of integers 0 and 1; -100 for an unknown label, -1 for an unknown "
    "entry of a row); x_validation, y_validation and classes (C names) may follow"
)


def read_arrays(path: Path, *, task: str | None = None, rules: int = RULES) -> RawData:
    """The arrays of an `.npz`, checked.

    Args:
        path: the file.
        task: what the labels are meant as; None lets them say it.
        rules: as `RegisteredDataset.rules`.

    Raises:
        DatasetError: not a readable archive of plain arrays, arrays missing or of wrong shape or type.
    """
    arrays, notes = load_npz(path, rules=rules)
    if rules == 1:
        return checked(arrays, None, (FIRST_RULES,))
    return data_of(arrays, task=task, notes=notes)


def data_of(arrays: Mapping[str, npt.NDArray[Any]], *, task: str | None = None, notes: Sequence[str] = ()) -> RawData:
    """Arrays under our names, in whatever forms people save, as a data set.

    Raises:
        DatasetError: as `read_arrays`.
    """
    arrays, left_out = without_unlabelled(arrays)
    labels = array_labels.recognised(part_of(arrays, "y"), arrays.get("classes"), task=task)
    inputs, more = array_inputs.recognised(part_of(arrays, "x"))
    arrays = {f"y_{split}": y for split, y in labels.by_split.items()}
    arrays |= {f"x_{split}": x for split, x in inputs.items()}
    return checked(arrays, labels.names, (*notes, *left_out, *labels.notes, *more))


def part_of(arrays: Mapping[str, npt.NDArray[Any]], content: str) -> dict[str, npt.NDArray[Any]]:
    """The labels (y) or inputs (x) by split."""
    return {split: arrays[f"{content}_{split}"] for split in SPLITS if f"{content}_{split}" in arrays}


def task_of_labels(path: Path, *, rules: int = RULES) -> str:
    """The task that the labels of an `.npz` say.

    Raises:
        DatasetError: as `read_arrays`.
    """
    arrays, _ = load_npz(path, rules=rules, only=("y_train", "y_validation", "y_test", "classes"))
    y_train = arrays["y_train"]
    if rules > 1:
        arrays, _ = without_unlabelled(arrays)
        y_train = array_labels.recognised(part_of(arrays, "y"), arrays.get("classes"), task=None).by_split["train"]
    return "multi_label" if y_train.ndim == 2 else "single_label"


def checked(arrays: Mapping[str, npt.NDArray[Any]], names: tuple[str, ...] | None, notes: tuple[str, ...]) -> RawData:
    """Arrays under our names and in our forms as a data set.

    Raises:
        DatasetError: a shape or a type is wrong, or parts do not fit each other.
    """
    x_train, y_train = examples(arrays, "train")
    multi_label = y_train.ndim == 2
    x_test, y_test = examples(arrays, "test") if "x_test" in arrays else (x_train[:0], y_train[:0])
    held_out = examples(arrays, "validation") if "x_validation" in arrays else (None, None)
    parts = [("train", x_train, y_train), ("test", x_test, y_test), ("validation", *held_out)]
    for name, x, y in parts:
        for kind, array, first in (("x", x, x_train), ("y", y, y_train)):
            if array is not None and array.shape[1:] != first.shape[1:]:
                shapes = f"{list(array.shape)} does not fit {kind}_train {list(first.shape)}"
                raise DatasetError("name", f"{kind}_{name}: {shapes}; all but the number of examples must be alike")
    if multi_label and not (y_train > 0).any():
        raise DatasetError("name", "y_train: no example has a label; give rows with ones in them")
    num_classes = (
        y_train.shape[1] if multi_label else 1 + max(int(y.max()) for *_, y in parts if y is not None and len(y))
    )
    num_classes = max(num_classes, len(names or ()))
    if num_classes < 2:
        raise DatasetError("name", "y_train: at least two classes are needed")
    return RawData(
        classes=names or class_names(arrays.get("classes"), num_classes),
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        x_validation=held_out[0],
        y_validation=held_out[1],
        task="multi_label" if multi_label else "single_label",
        notes=notes,
    )


def load_npz(
    path: Path, *, rules: int = RULES, only: Sequence[str] = OURS
) -> tuple[dict[str, npt.NDArray[Any]], list[str]]:
    """The arrays of an archive by what they are (`x_train`, ...), and notes on their names."""
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DatasetError("name", f"{path.name} is a single array, not an .npz archive; {FORMAT}")
            ours = {name: name for name in OURS if name in archive.files}
            roles, notes = roles_of(archive.files) if rules > 1 else (ours, [])
            missing = [name for name in REQUIRED if name not in roles]
            if missing:
                raise DatasetError("name", f"{path.name} lacks {' and '.join(missing)}; {FORMAT}")
            if rules > 1:
                refuse_halves(roles)
            wanted = {role: roles[role] for role in only if role in roles}
            refuse_bomb(archive, path, tuple(wanted.values()))
            return {role: array_of(archive, member) for role, member in wanted.items()}, notes
    except FileNotFoundError as error:
        raise DatasetError("name", f"{path.name} is not there; put it into the datasets folder") from error
    except DatasetError:
        raise
    except Exception as error:  # a damaged archive can raise anything
        reason = f"the file is corrupt ({type(error).__name__})"
        raise DatasetError("name", f"{path.name} cannot be read: {reason}; {FORMAT}") from error


def array_of(archive: np.lib.npyio.NpzFile, name: str) -> npt.NDArray[Any]:
    """A member; numpy gives what is no array as bytes."""
    try:
        array = archive[name]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        message = f"{quoted(name)} holds pickled objects, which are never opened"
        raise DatasetError("name", f"{message}; save texts with astype(str), numbers with astype(int)") from error
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is no array")
    return array


def refuse_bomb(archive: np.lib.npyio.NpzFile, path: Path, names: tuple[str, ...]) -> None:
    """Arrays that would fill the memory as soon as they are unpacked."""
    members = {*names, *(f"{name}.npy" for name in names)}
    listed = archive.zip.infolist() if archive.zip is not None else []
    wanted = sum(member.file_size for member in listed if member.filename in members)
    if wanted > MAX_ARRAY_BYTES:
        raise DatasetError("name", f"{path.name} holds {wanted / 2**30:.1f} GiB, over {MAX_ARRAY_BYTES >> 30} GiB")
    if wanted > max(SMALL_BYTES, MAX_EXPANSION * path.stat().st_size):
        message = f"{path.name} unpacks to more than {MAX_EXPANSION} times its size"
        raise DatasetError("name", f"{message}; save it uncompressed, with numpy.savez")


def examples(arrays: Mapping[str, npt.NDArray[Any]], split: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """x and y of a split in the types that training uses."""
    x, y = arrays[f"x_{split}"], arrays.get(f"y_{split}")
    if y is None:
        raise DatasetError("name", f"x_{split} is there but y_{split} is not")
    if x.ndim not in (2, 4) or 0 in x.shape:
        raise DatasetError("name", f"x_{split}: expected [N, D] or [N, channels, H, W] with N > 0, got {list(x.shape)}")
    if y.ndim not in (1, 2) or len(y) != len(x) or 0 in y.shape:
        raise DatasetError("name", f"y_{split}: expected {len(x)} labels, got {list(y.shape)}")
    if y.dtype.kind not in "iub" and not array_labels.are_shares(y):
        raise DatasetError("name", f"y_{split}: labels are whole numbers, got {y.dtype}; save y.astype(int)")
    if y.dtype.kind == "f" and split != "train":
        raise DatasetError("name", f"y_{split}: metrics need labels that are 0 or 1 (-1: unknown); round the shares")
    if y.min() < (UNKNOWN if y.ndim == 2 else 0) or (y.ndim == 2 and y.max() > 1) or y.max() > 1_000_000:
        raise DatasetError("name", f"y_{split}: labels run from 0 (multi-hot rows hold 0 and 1, and -1: unknown)")
    if x.dtype.kind not in "iufb":
        raise DatasetError("name", f"x_{split}: expected numbers, got {x.dtype}")
    if x.dtype != np.uint8:
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as such
            x = x.astype(np.float32)
        if not np.isfinite(x).all():
            raise DatasetError("name", f"x_{split}: holds values that are not finite")
    return x, y.astype(np.float32 if y.dtype.kind == "f" else np.int64)


def class_names(stored: npt.NDArray[Any] | None, num_classes: int) -> tuple[str, ...]:
    """Names from the archive where they fit, else the class indices."""
    indices = tuple(str(c) for c in range(num_classes))
    if stored is None or stored.shape != (num_classes,) or stored.dtype.kind not in "US":
        return indices
    try:
        names = [name.decode() if isinstance(name, bytes) else str(name) for name in stored.tolist()]
    except (SystemError, ValueError):  # numbers that stand for no character
        return indices
    return tuple(names) if all(map(fits, names)) and len(set(names)) == num_classes else indices
