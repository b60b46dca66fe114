"""Data sets registered under a name of their own: an `.npz` of arrays, a folder of images or a CSV table."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from lplcore.data.arrays.archive import read_arrays
from lplcore.data.images.class_folders import class_folders_of, folders_below
from lplcore.data.images.estimate import SAMPLED, sampled_sizes
from lplcore.data.images.files import Pixels, View
from lplcore.data.images.folder import (
    CLASSES_FILE,
    LABELS_FILE,
    LabelledFolder,
    files_of,
    fingerprint,
    labels_of,
    refuse_unlabelled,
    spelled_in,
)
from lplcore.data.images.lines import LabelledImage
from lplcore.data.info import RawFacts
from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.data.tables.table import content_hash, read_table
from lplcore.datasets.image_files import ImageDataset
from lplcore.errors import DataChanged, DatasetError

ARRAYS, LABELLED_IMAGES, CLASS_FOLDERS, TABLE = "arrays", "labelled_images", "class_folders", "table"
OF_IMAGES = (LABELLED_IMAGES, CLASS_FOLDERS)


class Registered(ImageDataset):
    """A data set that a service or a caller knows by this name."""

    title: ClassVar[str] = "Registered arrays or images"

    default_model: ClassVar[str] = "mlp"
    default_epochs: ClassVar[int] = 30

    name: str
    image_size: int = Field(
        64, ge=8, le=1024, description="pixels per side of what the network sees of an image file; arrays ignore it"
    )
    view: View = "stretch"
    normalization: Literal["training_set", "imagenet"] = Field(
        "training_set",
        description="statistics by which inputs are standardised; imagenet: of colour images, for networks pretrained "
        "there",
    )

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        entry = self._entry(registered)
        if entry.raw is not None:
            return entry.raw
        path = Path(entry.path)
        if format_of(entry) in OF_IMAGES:
            return folder_data(unchanged_folder(entry), self.pixels(rules=entry.rules))
        if entry.format == TABLE:
            return unchanged_table(entry)
        if entry.sha256 is not None and path.is_file() and digest(path) != entry.sha256:
            raise changed(path)
        folder = read_arrays(path, task=entry.task, rules=entry.rules)
        if entry.task not in (None, folder.task):
            raise DatasetError("name", f"{path.name} holds {folder.task} labels, but is registered as {entry.task}")
        return folder

    def facts(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawFacts:
        entry = self._entry(registered)
        if format_of(entry) in OF_IMAGES:
            return folder_facts(unchanged_folder(entry), image_size=self.image_size, sha256=entry.sha256)
        return super().facts(data_dir, registered)

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        if self.name not in registered or registered[self.name].raw is not None:
            return []
        entry = registered[self.name]
        path = Path(entry.path)
        if entry.format == CLASS_FOLDERS:
            return folders_below(path)
        return folder_files(path, entry) if format_of(entry) == LABELLED_IMAGES else [path]

    def _entry(self, registered: Mapping[str, RegisteredDataset]) -> RegisteredDataset:
        entry = registered.get(self.name)
        if entry is None:
            raise DatasetError("name", f"no data set is registered as {self.name!r}")
        if entry.raw is None and entry.format not in (ARRAYS, *OF_IMAGES, TABLE):
            known = f"{ARRAYS}, {LABELLED_IMAGES}, {CLASS_FOLDERS} or {TABLE}"
            message = f"unknown format {entry.format!r}; register it again as {known}"
            raise DatasetError("name", message)
        return entry


def format_of(entry: RegisteredDataset) -> str:
    """The entry's format; a folder is one of images even where nobody said so."""
    return LABELLED_IMAGES if entry.format == ARRAYS and Path(entry.path).is_dir() else entry.format


def changed(path: Path) -> DatasetError:
    """What is said of contents that are not the registered ones."""
    return DataChanged("name", f"{path.name} has changed since it was registered; register it again")


def unchanged_table(entry: RegisteredDataset) -> RawData:
    """A registered table as it was registered.

    Raises:
        DatasetError: it cannot be read, or has changed.
    """
    path = Path(entry.path)
    unchecked = entry.sha256 is None or not path.is_file()
    if not unchecked and content_hash(digest(path), entry.target, entry.split) != entry.sha256:
        raise changed(path)
    return read_table(path, task=entry.task, target=entry.target, split=entry.split)


def unchanged_folder(entry: RegisteredDataset) -> LabelledFolder:
    """The labels of a registered folder whose images are all there, as they were registered.

    Raises:
        DatasetError: a text is wrong, an image is absent, or something has changed.
    """
    path = Path(entry.path)
    folder = listed(entry)
    contents = fingerprint(folder)
    if entry.sha256 not in (None, contents):
        raise changed(path)
    refuse_unlabelled(folder, asked=entry.task)
    return folder


def listed(entry: RegisteredDataset) -> LabelledFolder:
    """The images and labels of a registered folder.

    Raises:
        DatasetError: a text or the tree is wrong.
    """
    path = Path(entry.path)
    if entry.format == CLASS_FOLDERS:
        return class_folders_of(path, task=entry.task)
    return labels_of(path, task=entry.task, rules=entry.rules)


def folder_files(folder: Path, entry: RegisteredDataset) -> list[Path]:
    """The files that a folder of images is made of; both texts alone where they cannot be read."""
    texts = [folder / LABELS_FILE, folder / CLASSES_FILE]
    try:
        labelled_folder = labels_of(folder, task=entry.task, rules=entry.rules)
    except DatasetError:
        return texts
    return [*texts, *(spelled_in(labelled_folder.folder, image.file) for image in labelled_folder.images)]


def folder_facts(folder: LabelledFolder, *, image_size: int, sha256: str | None) -> RawFacts:
    """The facts of a folder of images, known without decoding one."""
    sample = folder.train[:: max(1, len(folder.train) // SAMPLED)]
    counts = Counter(label for image in folder.train for label in image.labels)
    return RawFacts(
        classes=folder.classes,
        class_counts=tuple(counts[name] for name in folder.classes),
        task=folder.task,
        num_train=len(folder.train),
        num_validation=len(folder.validation),
        num_test=len(folder.test),
        input_shape=(3, image_size, image_size),
        notes=folder.notes,
        sha256=sha256,
        image_sizes=sampled_sizes(files_of(replace(folder, train=sample, validation=(), test=()), Pixels(image_size))),
    )


def folder_data(folder: LabelledFolder, pixels: Pixels) -> RawData:
    """A folder of images.

    Raises:
        DatasetError: an image is not there.
    """
    x = files_of(folder, pixels)
    y = label_array(folder.images, folder.classes, multi_label=folder.task == "multi_label")
    held_out, test = len(folder.train), len(folder.train) + len(folder.validation)
    return RawData(
        classes=folder.classes,
        x_train=x[:held_out],
        y_train=y[:held_out],
        x_test=x[test:],
        y_test=y[test:],
        x_validation=x[held_out:test] if folder.validation else None,
        y_validation=y[held_out:test] if folder.validation else None,
        task=folder.task,
        notes=folder.notes,
    )


def label_array(images: Sequence[LabelledImage], classes: Sequence[str], *, multi_label: bool) -> npt.NDArray[np.int64]:
    """Class indices [N], or multi-hot rows [N, C]."""
    index = {name: c for c, name in enumerate(classes)}
    if not multi_label:
        return np.array([index[image.labels[0]] for image in images], dtype=np.int64)
    rows = np.zeros((len(images), len(classes)), dtype=np.int64)
    for row, image in zip(rows, images, strict=True):
        row[[index[label] for label in image.labels]] = 1
    return rows


def digest(path: Path) -> str:
    """sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
