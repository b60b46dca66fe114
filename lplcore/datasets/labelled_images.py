"""Folders of images with `labels.csv`: a line per image with its split, its file and its labels.

The header is `split,file,labels`. Splits are train, val (or validation) and test; files are relative to the folder;
labels are joined by `|`, and an image may have none. `classes.txt`, a name per line, fixes the classes and their order;
without it they are the sorted names of the training lines. N images, C classes, S pixels on each side.
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from lplcore.datasets import DatasetError, stamp
from lplcore.plugin import quoted

LABELS_FILE, CLASSES_FILE = "labels.csv", "classes.txt"
HEADER = ["split", "file", "labels"]
SPLITS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
VALIDATION_IS_TEST = f"{LABELS_FILE} has no test rows: its val rows are the test split, and nothing is left to validate"
MAX_TEXT_BYTES = 2**26
MAX_IMAGES = 1_000_000
MAX_CLASSES = 100_000
MAX_NAME = 200
MAX_ARRAY_BYTES = 2**33
"""Of all decoded pixels, and of all multi-hot labels."""
MAX_PIXELS = 2**26
"""Of one image as its file holds it; below the size at which Pillow warns."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
THREADS = 4
BLOCK = 64
"""Images decoded per task of the pool."""


class LabelledImage(NamedTuple):
    """A line of `labels.csv`."""

    line: int
    split: str
    file: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class LabelledFolder:
    """What `labels.csv` and `classes.txt` say."""

    folder: Path
    task: str
    classes: tuple[str, ...]
    train: tuple[LabelledImage, ...]
    validation: tuple[LabelledImage, ...]
    test: tuple[LabelledImage, ...]
    notes: tuple[str, ...]
    source: str
    """sha256 of both texts."""

    @property
    def images(self) -> tuple[LabelledImage, ...]:
        """All, in the order of their splits."""
        return self.train + self.validation + self.test


def labels_of(folder: Path, *, task: str | None) -> LabelledFolder:
    """The labels of a folder, checked; read once and remembered as long as both texts stay the same.

    Raises:
        DatasetError: a text is absent, too large or wrong; the message names the line.
    """
    return read_labels(folder, task, stamp([folder / LABELS_FILE, folder / CLASSES_FILE]))


@lru_cache(maxsize=4)
def read_labels(folder: Path, task: str | None, stamped: str) -> LabelledFolder:
    """As `labels_of`; `stamped` changes with the texts."""
    folder = Path(os.path.realpath(folder))
    text = read_text(folder, LABELS_FILE)
    listed = read_text(folder, CLASSES_FILE) if os.path.lexists(folder / CLASSES_FILE) else None
    images = read_images(text)
    parts = {split: tuple(image for image in images if image.split == split) for split in SPLITS.values()}
    if not parts["train"]:
        raise DatasetError("name", f"{LABELS_FILE} has no line whose split is train; add training images")
    found = {label for image in parts["train"] for label in image.labels}
    if not found:
        raise DatasetError("name", f"{LABELS_FILE}: no training image has a label; add labels")
    notes: tuple[str, ...] = ()
    if parts["validation"] and not parts["test"]:
        parts, notes = {**parts, "validation": (), "test": parts["validation"]}, (VALIDATION_IS_TEST,)
    classes = tuple(sorted(found)) if listed is None else class_names(listed)
    task = task_by_labels(images, asked=task)
    refuse_unfit(images, classes, task=task, listed=listed is not None)
    source = hashlib.sha256(json.dumps([text, listed]).encode()).hexdigest()
    return LabelledFolder(folder, task, classes, notes=notes, source=source, **parts)


def read_text(folder: Path, name: str) -> str:
    """A text file of the folder."""
    try:
        with inside(folder, name, where=folder.name).open("rb") as file:
            content = file.read(MAX_TEXT_BYTES + 1)
        if len(content) > MAX_TEXT_BYTES:
            raise DatasetError("name", f"{name} is larger than {MAX_TEXT_BYTES >> 20} MiB; split the data set")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise DatasetError("name", f"{name} cannot be read: {error.strerror}; make it readable") from error
    except UnicodeDecodeError as error:
        raise DatasetError("name", f"{name} is not UTF-8 (byte {error.start}); save it as UTF-8") from error


def inside(folder: Path, file: str, *, where: str) -> Path:
    """The regular file below the (resolved) folder that a name means, links followed."""
    try:
        path = (folder / file).resolve(strict=True)
        there = path.is_file()
    except (OSError, RuntimeError, ValueError):
        there = False
    if not there:
        raise DatasetError("name", f"{where}: there is no file {quoted(file)} in {folder.name}; put it there")
    if not path.is_relative_to(folder):
        raise DatasetError("name", f"{where}: {quoted(file)} leads out of {folder.name}; copy the file into it")
    return path


def read_images(text: str) -> list[LabelledImage]:
    """The lines of `labels.csv`, each file once."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    images: dict[str, LabelledImage] = {}
    try:
        if next(rows, None) != HEADER:
            raise DatasetError("name", f"{LABELS_FILE} line 1: expected the header {','.join(HEADER)}")
        for row in rows:
            if row:
                image = image_of(row, rows.line_num)
                first = images.setdefault(image.file, image)
                if first is not image:
                    message = f"{quoted(image.file)} is already in line {first.line}; remove one of them"
                    raise DatasetError("name", f"{LABELS_FILE} line {image.line}: {message}")
            if len(images) > MAX_IMAGES:
                raise DatasetError("name", f"{LABELS_FILE} has more than {MAX_IMAGES} images; split the data set")
    except csv.Error as error:
        raise DatasetError("name", f"{LABELS_FILE} line {rows.line_num}: {error}; mend the quotes") from error
    return list(images.values())


def image_of(row: Sequence[str], line: int) -> LabelledImage:
    """A line of `labels.csv`, checked by itself."""
    where = f"{LABELS_FILE} line {line}"
    if len(row) != len(HEADER):
        message = f"expected {','.join(HEADER)}, got {len(row)} fields; quote what holds a comma"
        raise DatasetError("name", f"{where}: {message}")
    split, file, joined = row
    if split.strip() not in SPLITS:
        raise DatasetError("name", f"{where}: unknown split {quoted(split)}; give one of {', '.join(SPLITS)}")
    path = PurePosixPath(file)
    if not path.name or path.is_absolute() or ".." in path.parts or "\\" in file or "\x00" in file:
        message = "give a path relative to the folder, with / between folders and without .."
        raise DatasetError("name", f"{where}: file {quoted(file)}: {message}")
    labels = tuple(label.strip() for label in joined.split("|")) if joined.strip() else ()
    for label in labels:
        refuse_name(label, where)
    if len(set(labels)) < len(labels):
        raise DatasetError("name", f"{where}: a label occurs twice; name each once")
    return LabelledImage(line, SPLITS[split.strip()], str(path), labels)


def class_names(text: str) -> tuple[str, ...]:
    """The names in `classes.txt`, blank lines left out."""
    names: dict[str, int] = {}
    for number, name in enumerate(map(str.strip, text.split("\n")), start=1):
        if name:
            refuse_name(name, f"{CLASSES_FILE} line {number}")
            if names.setdefault(name, number) != number:
                message = f"{quoted(name)} is already in line {names[name]}; remove one of them"
                raise DatasetError("name", f"{CLASSES_FILE} line {number}: {message}")
    return tuple(names)


def refuse_name(name: str, where: str) -> None:
    """What cannot be the name of a class."""
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or "|" in name:
        message = f"a label has 1 to {MAX_NAME} printable characters other than |, got {quoted(name)}; rename it"
        raise DatasetError("name", f"{where}: {message}")


def task_by_labels(images: Sequence[LabelledImage], *, asked: str | None) -> str:
    """The task asked for, else multi_label where an image has other than one label."""
    other = next((image for image in images if len(image.labels) != 1), None)
    if other is not None and asked == "single_label":
        message = f"single_label data have one label per image, got {len(other.labels)}; mend it or use multi_label"
        raise DatasetError("name", f"{LABELS_FILE} line {other.line}: {message}")
    return "multi_label" if other is not None or asked == "multi_label" else "single_label"


def refuse_unfit(images: Sequence[LabelledImage], classes: Sequence[str], *, task: str, listed: bool) -> None:
    """Labels outside the classes, and numbers of classes that cannot be used."""
    if not 2 <= len(classes) <= MAX_CLASSES:
        raise DatasetError("name", f"{len(classes)} classes were found; from 2 to {MAX_CLASSES} can be used")
    if task == "multi_label" and len(images) * len(classes) * np.dtype(np.int64).itemsize > MAX_ARRAY_BYTES:
        message = f"{len(images)} images x {len(classes)} classes are too many for multi-hot labels; use fewer"
        raise DatasetError("name", f"{LABELS_FILE}: {message}")
    known = set(classes)
    remedy = f"add it to {CLASSES_FILE}" if listed else f"no training line has it: list the classes in {CLASSES_FILE}"
    for image in images:
        for label in image.labels:
            if label not in known:
                message = f"label {quoted(label)} is not a class; correct it, or {remedy}"
                raise DatasetError("name", f"{LABELS_FILE} line {image.line}: {message}")


def fingerprint(found: LabelledFolder) -> str:
    """sha256 over both texts and the name and size of every image, each of which must be there."""
    try:
        sizes = sorted((image.file, located(found, image).stat().st_size) for image in found.images)
    except OSError as error:
        raise DatasetError("name", f"an image cannot be read: {error.strerror}; make it readable") from error
    return hashlib.sha256(json.dumps([found.source, sizes]).encode()).hexdigest()


def located(found: LabelledFolder, image: LabelledImage) -> Path:
    """Where an image lies."""
    return inside(found.folder, image.file, where=f"{LABELS_FILE} line {image.line}")


def decode_all(found: LabelledFolder, image_size: int) -> npt.NDArray[np.uint8]:
    """Every image, [N, 3, S, S].

    Raises:
        DatasetError: an image is gone or damaged; the message names it.
    """
    pixels = np.empty((len(found.images), 3, image_size, image_size), dtype=np.uint8)

    def place(index: int) -> None:
        pixels[index] = decode(found, found.images[index], image_size)

    for_each(len(pixels), place)
    return pixels


def check_images(found: LabelledFolder) -> None:
    """Decode every image and keep none.

    Raises:
        DatasetError: as `decode_all`.
    """
    images = found.images
    for_each(len(images), lambda index: decode(found, images[index], 1))


def for_each(number: int, work: Callable[[int], object]) -> None:
    """Do the work for 0 .. number - 1 in a few threads; the first error stops it."""

    def block(start: int) -> None:
        for index in range(start, min(start + BLOCK, number)):
            work(index)

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        for _ in pool.map(block, range(0, number, BLOCK)):
            pass


def decode(found: LabelledFolder, image: LabelledImage, image_size: int) -> npt.NDArray[np.uint8]:
    """An image as [3, S, S]: upright by its EXIF orientation, RGB, resized bilinearly whatever its shape."""
    path = located(found, image)
    try:
        with Image.open(path, formats=FORMATS) as opened:
            problem = unusable(opened)
            if problem is None:
                rgb = as_rgb(ImageOps.exif_transpose(opened))
                resized = rgb.resize((image_size, image_size), Image.Resampling.BILINEAR)
                return np.asarray(resized).transpose(2, 0, 1)
    except Exception as error:  # a damaged image can raise anything
        problem = f"it is damaged or none of {', '.join(FORMATS)} ({type(error).__name__})"
    message = f"{quoted(image.file)} cannot be used: {problem}; replace it or remove its line"
    raise DatasetError("name", f"{LABELS_FILE} line {image.line}: {message}")


def unusable(image: Image.Image) -> str | None:
    """Why an image that was opened, but not decoded yet, is refused."""
    if image.width * image.height > MAX_PIXELS:
        return f"it has {image.width} x {image.height} pixels, more than {MAX_PIXELS}"
    # Pillow clips such values at 255 where it converts them.
    return f"its values have more than 8 bits (mode {image.mode})" if image.mode[0] in "IF" else None


def as_rgb(image: Image.Image) -> Image.Image:
    """RGB; a palette with transparent colours goes through RGBA, as Pillow asks for."""
    return (image.convert("RGBA") if "transparency" in image.info else image).convert("RGB")
