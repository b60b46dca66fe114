"""CIFAR files in both official layouts, checked against the published hashes."""

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from lplcore.data.arrays import pickles
from lplcore.data.info import RawFacts
from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.datasets import Dataset
from lplcore.errors import DatasetError

PIXELS = 3 * 32 * 32
DIFFERS = "differs from the published file"
NUM_TRAIN = 50_000
NUM_TEST = 10_000
MAX_FILE_BYTES = 2**30


@dataclass(frozen=True)
class CifarFile:
    """One file and the hash it was published with (None where none was)."""

    name: str
    algorithm: str
    digest: str | None


@dataclass(frozen=True)
class Layout:
    """One official form of the data set: a folder, its training and test files."""

    folder: str
    train: tuple[CifarFile, ...]
    test: tuple[CifarFile, ...]


class Cifar(Dataset):
    """What CIFAR-10 and CIFAR-100 share. A copy whose hash differs is read only where `allow_modified` says so."""

    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    default_model: ClassVar[str] = "resnet32"
    default_augmentation: ClassVar[str] = "pad_crop_flip"
    default_epochs: ClassVar[int] = 200
    python_layout: ClassVar[Layout]
    binary_layout: ClassVar[Layout]
    label_key: ClassVar[bytes]
    label_bytes: ClassVar[int]
    """Label bytes before the pixels of a binary record; the last of them is the label."""
    class_names: ClassVar[tuple[str, ...]]
    downloader: ClassVar[str]

    download: bool = Field(False, description="fetch the files with torchvision where they are missing")
    allow_modified: bool = Field(False, description="read files that differ from the published ones; results say so")

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        folder = data_dir / "datasets"
        layout = self._layout(folder)
        if layout is None and self.download:
            self._download(folder)
            layout = self._layout(folder)
        if layout is None:
            raise DatasetError("name", self._instructions(folder))
        notes: list[str] = []
        x_train, y_train = self._split(folder / layout.folder, layout.train, layout, notes)
        x_test, y_test = self._split(folder / layout.folder, layout.test, layout, notes)
        modified = any(DIFFERS in note for note in notes)
        return RawData(self.class_names, x_train, y_train, x_test, y_test, notes=tuple(notes), modified=modified)

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        layout = self._layout(data_dir / "datasets")
        if layout is None:
            return []
        return [data_dir / "datasets" / layout.folder / file.name for file in (*layout.train, *layout.test)]

    def promised(self, data_dir: Path) -> RawFacts | None:
        if not self.download or self._layout(data_dir / "datasets") is not None:
            return None
        classes = len(self.class_names)
        return RawFacts(self.class_names, (NUM_TRAIN // classes,) * classes, NUM_TEST, (3, 32, 32), num_train=NUM_TRAIN)

    def _layout(self, folder: Path) -> Layout | None:
        for layout in (self.python_layout, self.binary_layout):
            if all((folder / layout.folder / file.name).is_file() for file in (*layout.train, *layout.test)):
                return layout
        return None

    def _instructions(self, folder: Path) -> str:
        forms = [
            f"{layout.folder}/ with {', '.join(file.name for file in (*layout.train, *layout.test))}"
            for layout in (self.python_layout, self.binary_layout)
        ]
        return (
            f"{self.name} is not there: put {forms[0]}, or {forms[1]}, into {folder}, or set dataset.download to true"
        )

    def _download(self, folder: Path) -> None:
        # torchvision takes seconds to import and is needed only here.
        torchvision = importlib.import_module("lplcore.torchvision_import").torchvision
        try:
            folder.mkdir(parents=True, exist_ok=True)
            getattr(torchvision.datasets, self.downloader)(str(folder), download=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise DatasetError("download", f"the download failed ({error}); {self._instructions(folder)}") from error

    def _split(
        self, folder: Path, files: Sequence[CifarFile], layout: Layout, notes: list[str]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        images, labels = [], []
        for file in files:
            content = self._checked(folder / file.name, file, notes)
            read = self._from_pickle if layout is self.python_layout else self._from_binary
            x, y = read(content, file.name)
            if len(y) == 0 or int(y.min()) < 0 or int(y.max()) >= len(self.class_names):
                raise DatasetError("name", f"{file.name} is corrupt: labels outside 0..{len(self.class_names) - 1}")
            images.append(x)
            labels.append(y)
        return np.concatenate(images), np.concatenate(labels)

    def _checked(self, path: Path, file: CifarFile, notes: list[str]) -> bytes:
        try:
            with path.open("rb") as opened:
                content = opened.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise DatasetError("name", f"{file.name} cannot be read: {error.strerror}") from error
        if len(content) > MAX_FILE_BYTES:
            raise DatasetError("name", f"{file.name} is larger than {MAX_FILE_BYTES >> 30} GiB; fetch it again")
        digest = hashlib.new(file.algorithm, content, usedforsecurity=False).hexdigest()
        if file.digest is None:
            notes.append(f"{file.name} is not checked: no hash was published for it")
        elif digest != file.digest:
            if not self.allow_modified:
                message = f"{file.name} {DIFFERS} ({file.algorithm} {digest}); fetch it again, "
                raise DatasetError("name", message + "or set dataset.allow_modified to true to use it as it is")
            notes.append(f"{file.name} {DIFFERS} ({file.algorithm} {digest})")
        return content

    def _from_pickle(self, content: bytes, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        try:
            batch = pickles.load(content)
            x, y = pixels_of(batch[b"data"]), labels_of(batch[self.label_key])
        except Exception as error:  # a damaged pickle can raise anything
            raise DatasetError("name", f"{name} is corrupt: not a CIFAR batch ({type(error).__name__})") from error
        if len(x) != len(y):
            raise DatasetError("name", f"{name} is corrupt: {len(x)} images, {len(y)} labels")
        return x, y

    def _from_binary(self, content: bytes, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        record = self.label_bytes + PIXELS
        if not content or len(content) % record:
            raise DatasetError(
                "name", f"{name} is corrupt: {len(content)} bytes are no whole records of {record} bytes"
            )
        rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, record)
        return rows[:, self.label_bytes :].reshape(-1, 3, 32, 32), rows[:, self.label_bytes - 1].astype(np.int64)


def pixels_of(content: Any) -> npt.NDArray[np.uint8]:
    """Images, [N, 3, 32, 32]."""
    if not isinstance(content, pickles.Array) or content.value.dtype != np.uint8:
        raise ValueError("images are an array of bytes")
    return content.value.reshape(-1, 3, 32, 32)


def labels_of(content: Any) -> npt.NDArray[np.int64]:
    """Labels, [N], from an array or a list of whole numbers."""
    if isinstance(content, pickles.Array):
        return content.value.reshape(-1).astype(np.int64)
    if not isinstance(content, list) or not all(type(label) is int for label in content):
        raise ValueError("labels are whole numbers")
    return np.array(content, dtype=np.int64)
