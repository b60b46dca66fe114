"""Data sets registered under a name of their own: an `.npz` of arrays, or a folder of images with `labels.csv`."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isqrt
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from lplcore.dataset_info import RawFacts
from lplcore.datasets import Dataset, DatasetError, RawData, RegisteredDataset
from lplcore.datasets.labelled_images import (
    CLASSES_FILE,
    LABELS_FILE,
    MAX_ARRAY_BYTES,
    MAX_NAME,
    LabelledFolder,
    LabelledImage,
    decode_all,
    fingerprint,
    labels_of,
)

ARRAYS, LABELLED_IMAGES = "arrays", "labelled_images"
REQUIRED = ("x_train", "y_train")
OPTIONAL = ("x_validation", "y_validation", "x_test", "y_test", "classes")
SMALL_BYTES, MAX_EXPANSION = 2**28, 100
"""A larger archive may not expand more than so many times."""
FORMAT = (
    "give x_train, y_train and x_test, y_test (x: [N, D] floats or [N, channels, H, W] uint8; y: [N] integers from 0, "
    "or multi-hot rows [N, C] of integers 0 and 1); x_validation, y_validation and classes (C names) may follow"
)


class Registered(Dataset):
    """A data set that a service or a caller knows by this name."""

    title: ClassVar[str] = "Registered arrays or images"

    name: str
    image_size: int = Field(
        64, ge=8, le=1024, description="pixels per side to which a folder of images is resized; arrays ignore it"
    )

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        entry = self._entry(registered)
        path = Path(entry.path)
        if format_of(entry) == LABELLED_IMAGES:
            return decoded(unchanged_folder(entry), image_size=self.image_size)
        if entry.sha256 is not None and path.is_file() and digest(path) != entry.sha256:
            raise changed(path)
        found = read_arrays(path)
        if entry.task not in (None, found.task):
            raise DatasetError("name", f"{path.name} holds {found.task} labels, but is registered as {entry.task}")
        return found

    def facts(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawFacts:
        entry = self._entry(registered)
        if format_of(entry) == LABELLED_IMAGES:
            return folder_facts(unchanged_folder(entry), image_size=self.image_size, sha256=entry.sha256)
        return super().facts(data_dir, registered)

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        if self.name not in registered:
            return []
        entry = registered[self.name]
        path = Path(entry.path)
        return folder_files(path, task=entry.task) if format_of(entry) == LABELLED_IMAGES else [path]

    def _entry(self, registered: Mapping[str, RegisteredDataset]) -> RegisteredDataset:
        entry = registered.get(self.name)
        if entry is None:
            raise DatasetError("name", f"no data set is registered as {self.name!r}")
        if entry.format not in (ARRAYS, LABELLED_IMAGES):
            message = f"unknown format {entry.format!r}; register it again as {ARRAYS} or {LABELLED_IMAGES}"
            raise DatasetError("name", message)
        return entry


def format_of(entry: RegisteredDataset) -> str:
    """The entry's format; a folder is one of images even where nobody said so."""
    return LABELLED_IMAGES if entry.format == ARRAYS and Path(entry.path).is_dir() else entry.format


def changed(path: Path) -> DatasetError:
    """What is said of contents that are not the registered ones."""
    return DatasetError("name", f"{path.name} has changed since it was registered; register it again")


def unchanged_folder(entry: RegisteredDataset) -> LabelledFolder:
    """The labels of a registered folder whose images are all there, as they were registered.

    Raises:
        DatasetError: a text is wrong, an image is absent, or something has changed.
    """
    path = Path(entry.path)
    found = labels_of(path, task=entry.task)
    contents = fingerprint(found)
    if entry.sha256 not in (None, contents):
        raise changed(path)
    return found


def folder_files(folder: Path, *, task: str | None) -> list[Path]:
    """The files that a folder of images is made of; both texts alone where they cannot be read."""
    texts = [folder / LABELS_FILE, folder / CLASSES_FILE]
    try:
        found = labels_of(folder, task=task)
    except DatasetError:
        return texts
    return [*texts, *(found.folder / image.file for image in found.images)]


def folder_facts(found: LabelledFolder, *, image_size: int, sha256: str | None) -> RawFacts:
    """The facts of a folder of images, known without decoding one.

    Raises:
        DatasetError: the decoded images would take too much memory.
    """
    refuse_too_large(len(found.images), image_size)
    counts = Counter(label for image in found.train for label in image.labels)
    return RawFacts(
        classes=found.classes,
        class_counts=tuple(counts[name] for name in found.classes),
        task=found.task,
        num_train=len(found.train),
        num_validation=len(found.validation),
        num_test=len(found.test),
        input_shape=(3, image_size, image_size),
        notes=found.notes,
        sha256=sha256,
    )


def decoded(found: LabelledFolder, *, image_size: int) -> RawData:
    """A folder of images with every image decoded.

    Raises:
        DatasetError: an image is damaged, or all would take too much memory.
    """
    refuse_too_large(len(found.images), image_size)
    x = decode_all(found, image_size)
    y = label_array(found.images, found.classes, multi_label=found.task == "multi_label")
    held_out, test = len(found.train), len(found.train) + len(found.validation)
    return RawData(
        classes=found.classes,
        x_train=x[:held_out],
        y_train=y[:held_out],
        x_test=x[test:],
        y_test=y[test:],
        x_validation=x[held_out:test] if found.validation else None,
        y_validation=y[held_out:test] if found.validation else None,
        task=found.task,
        notes=found.notes,
    )


def refuse_too_large(number: int, image_size: int) -> None:
    """Images that would not fit into memory when they are decoded."""
    wanted = number * 3 * image_size**2
    if wanted > MAX_ARRAY_BYTES:
        message = f"{number} images of {image_size} x {image_size} pixels take {wanted / 2**30:.1f} GiB decoded"
        most = isqrt(MAX_ARRAY_BYTES // (3 * number))
        raise DatasetError("image_size", f"{message}, over {MAX_ARRAY_BYTES >> 30} GiB; ask for at most {most}")


def label_array(images: Sequence[LabelledImage], classes: Sequence[str], *, multi_label: bool) -> npt.NDArray[np.int64]:
    """Class indices [N], or multi-hot rows [N, C]."""
    index = {name: c for c, name in enumerate(classes)}
    if not multi_label:
        return np.array([index[image.labels[0]] for image in images], dtype=np.int64)
    rows = np.zeros((len(images), len(classes)), dtype=np.int64)
    for row, image in zip(rows, images, strict=True):
        row[[index[label] for label in image.labels]] = 1
    return rows


def read_arrays(path: Path) -> RawData:
    """The arrays of an `.npz`, checked; pickled objects are never opened.

    Raises:
        DatasetError: not a readable archive of plain arrays, arrays missing or of wrong shape or type.
    """
    arrays = load_npz(path)
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
    if multi_label and not y_train.any():
        raise DatasetError("name", "y_train: no example has a label; give rows with ones in them")
    num_classes = (
        y_train.shape[1] if multi_label else 1 + max(int(y.max()) for *_, y in parts if y is not None and len(y))
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
            refuse_bomb(archive, path, names)
            return {name: array_of(archive, name) for name in names if name in archive.files}
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


def array_of(archive: np.lib.npyio.NpzFile, name: str) -> npt.NDArray[Any]:
    """A member; numpy gives what is no array as bytes."""
    found = archive[name]
    if not isinstance(found, np.ndarray):
        raise TypeError(f"{name} is no array")
    return found


def refuse_bomb(archive: np.lib.npyio.NpzFile, path: Path, names: tuple[str, ...]) -> None:
    """Arrays that would fill the memory as soon as they are unpacked."""
    members = {f"{name}.npy" for name in names}
    listed = archive.zip.infolist() if archive.zip is not None else []
    wanted = sum(member.file_size for member in listed if member.filename in members)
    if wanted > MAX_ARRAY_BYTES:
        raise DatasetError("name", f"{path.name} holds {wanted / 2**30:.1f} GiB, over {MAX_ARRAY_BYTES >> 30} GiB")
    if wanted > max(SMALL_BYTES, MAX_EXPANSION * path.stat().st_size):
        message = f"{path.name} unpacks to more than {MAX_EXPANSION} times its size"
        raise DatasetError("name", f"{message}; save it uncompressed, with numpy.savez")


def examples(arrays: Mapping[str, npt.NDArray[Any]], split: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """x and y of a split in the types that training uses."""
    x, y = arrays[f"x_{split}"], arrays.get(f"y_{split}")
    if y is None:
        raise DatasetError("name", f"x_{split} is there but y_{split} is not")
    if x.ndim not in (2, 4) or 0 in x.shape:
        raise DatasetError("name", f"x_{split}: expected [N, D] or [N, channels, H, W] with N > 0, got {list(x.shape)}")
    if y.ndim not in (1, 2) or len(y) != len(x) or 0 in y.shape:
        raise DatasetError("name", f"y_{split}: expected {len(x)} labels, got {list(y.shape)}")
    if y.dtype.kind not in "iub":
        raise DatasetError("name", f"y_{split}: labels are whole numbers, got {y.dtype}; save y.astype(int)")
    if y.min() < 0 or (y.ndim == 2 and y.max() > 1) or y.max() > 1_000_000:
        raise DatasetError("name", f"y_{split}: labels run from 0 (multi-hot rows hold 0 and 1)")
    if x.dtype.kind not in "iufb":
        raise DatasetError("name", f"x_{split}: expected numbers, got {x.dtype}")
    if x.dtype != np.uint8:
        with np.errstate(over="ignore"):  # becomes infinite, and is refused as such
            x = x.astype(np.float32)
        if not np.isfinite(x).all():
            raise DatasetError("name", f"x_{split}: holds values that are not finite")
    return x, y.astype(np.int64)


def class_names(given: npt.NDArray[Any] | None, num_classes: int) -> tuple[str, ...]:
    """Names from the archive where they fit, else the class indices."""
    indices = tuple(str(c) for c in range(num_classes))
    if given is None or given.shape != (num_classes,) or given.dtype.kind not in "US":
        return indices
    try:
        names = [name.decode() if isinstance(name, bytes) else str(name) for name in given.tolist()]
    except (SystemError, ValueError):  # numbers that stand for no character
        return indices
    fit = all(0 < len(name) <= MAX_NAME and name.isprintable() for name in names)
    return tuple(names) if fit and len(set(names)) == num_classes else indices
