"""Data sets registered under a name of their own: an `.npz` of arrays."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from lplcore.datasets import Dataset, DatasetError, RawData, RegisteredDataset

REQUIRED = ("x_train", "y_train")
OPTIONAL = ("x_validation", "y_validation", "x_test", "y_test", "classes")
FORMAT = (
    "give x_train, y_train and x_test, y_test (x: [N, D] floats or [N, channels, H, W] uint8; y: [N] integers from 0)"
)


class Registered(Dataset):
    """A data set that a service or a caller knows by this name."""

    title: ClassVar[str] = "Registered arrays"

    name: str

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        if self.name not in registered:
            raise DatasetError("name", f"no data set is registered as {self.name!r}")
        entry = registered[self.name]
        path = Path(entry.path)
        if entry.sha256 is not None and path.is_file() and digest(path) != entry.sha256:
            raise DatasetError("name", f"{path.name} has changed since it was registered; register it again")
        return read_arrays(path)

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        return [Path(registered[self.name].path)] if self.name in registered else []


@dataclass(frozen=True)
class ArraysInfo:
    """What an `.npz` holds."""

    task: str
    classes: tuple[str, ...]
    class_counts: tuple[int, ...]
    num_train: int
    num_validation: int
    num_test: int
    input_shape: tuple[int, ...]


def inspect_arrays(path: Path) -> ArraysInfo:
    """Facts about an `.npz`, fully read and checked.

    Raises:
        DatasetError: not a readable archive of plain arrays, arrays missing or of wrong shape or type.
    """
    data = read_arrays(path)
    counts = (
        np.bincount(data.y_train, minlength=len(data.classes)) if data.y_train.ndim == 1 else data.y_train.sum(axis=0)
    )
    return ArraysInfo(
        task=data.task,
        classes=data.classes,
        class_counts=tuple(int(n) for n in counts),
        num_train=len(data.y_train),
        num_validation=0 if data.y_validation is None else len(data.y_validation),
        num_test=len(data.y_test),
        input_shape=tuple(data.x_train.shape[1:]),
    )


def read_arrays(path: Path) -> RawData:
    """The arrays of an `.npz`, checked; pickled objects are never opened.

    Raises:
        DatasetError: see `inspect_arrays`.
    """
    arrays = load_npz(path)
    x_train, y_train = examples(arrays, "train")
    multi_label = y_train.ndim == 2
    x_test, y_test = examples(arrays, "test") if "x_test" in arrays else (x_train[:0], y_train[:0])
    held_out = examples(arrays, "validation") if "x_validation" in arrays else (None, None)
    parts = [("train", x_train, y_train), ("test", x_test, y_test), ("validation", *held_out)]
    for name, x, y in parts:
        if x is not None and y is not None and (x.shape[1:] != x_train.shape[1:] or y.ndim != y_train.ndim):
            raise DatasetError("name", f"x_{name}/y_{name}: shape differs from the training arrays'")
    num_classes = (
        y_train.shape[1] if multi_label else 1 + max(int(y.max()) for _, _, y in parts if y is not None and len(y))
    )
    if num_classes < 2:
        raise DatasetError("name", "y_train: at least two classes are needed")
    return RawData(
        classes=class_names(arrays.get("classes"), num_classes),
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        x_validation=held_out[0],
        y_validation=held_out[1],
        task="multi_label" if multi_label else "single_label",
    )


def digest(path: Path) -> str:
    """sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_npz(path: Path, names: tuple[str, ...] = (*REQUIRED, *OPTIONAL)) -> dict[str, npt.NDArray[Any]]:
    """The arrays of these names that the archive has."""
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DatasetError("name", f"{path.name} is a single array, not an .npz archive; {FORMAT}")
            missing = [name for name in REQUIRED if name not in archive.files]
            if missing:
                raise DatasetError("name", f"{path.name} lacks {' and '.join(missing)}; {FORMAT}")
            return {name: archive[name] for name in names if name in archive.files}
    except FileNotFoundError as error:
        raise DatasetError("name", f"{path.name} is not there; put it into the datasets folder") from error
    except DatasetError:
        raise
    except Exception as error:  # a damaged archive can raise anything
        if isinstance(error, ValueError) and "allow_pickle" in str(error):
            reason = "it holds pickled objects, which are never opened"
        else:
            reason = f"the file is corrupt ({type(error).__name__})"
        raise DatasetError("name", f"{path.name} cannot be read: {reason}; {FORMAT}") from error


def examples(arrays: Mapping[str, npt.NDArray[Any]], split: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """x and y of a split in the types that training uses."""
    x, y = arrays[f"x_{split}"], arrays.get(f"y_{split}")
    if y is None:
        raise DatasetError("name", f"x_{split} is there but y_{split} is not")
    if x.ndim not in (2, 4) or 0 in x.shape:
        raise DatasetError("name", f"x_{split}: expected [N, D] or [N, channels, H, W] with N > 0, got {list(x.shape)}")
    if y.ndim not in (1, 2) or len(y) != len(x):
        raise DatasetError("name", f"y_{split}: expected {len(x)} labels, got {list(y.shape)}")
    if y.dtype.kind not in "iub":
        raise DatasetError("name", f"y_{split}: labels are whole numbers, got {y.dtype}")
    if y.min() < 0 or (y.ndim == 2 and y.max() > 1) or y.max() > 1_000_000:
        raise DatasetError("name", f"y_{split}: labels run from 0 (multi-hot rows hold 0 and 1)")
    if x.dtype.kind not in "iufb":
        raise DatasetError("name", f"x_{split}: expected numbers, got {x.dtype}")
    if x.dtype != np.uint8:
        x = x.astype(np.float32)
        if not np.isfinite(x).all():
            raise DatasetError("name", f"x_{split}: holds values that are not finite")
    return x, y.astype(np.int64)


def class_names(given: npt.NDArray[Any] | None, num_classes: int) -> tuple[str, ...]:
    """Names from the archive where they fit, else the class indices."""
    if given is not None and given.ndim == 1 and len(given) == num_classes and given.dtype.kind in "US":
        return tuple(str(name) for name in given.tolist())
    return tuple(str(c) for c in range(num_classes))
