"""Folders of images with `labels.csv`: a line per image with its split, its file and its labels.

The header is `split,file,labels`. Splits are train, val (or validation) and test; files are relative to the folder;
labels are joined by `|`, and an image of a multi-label set may have none. `classes.txt`, a name per line, fixes the
classes and their order; without it they are the names of the training lines in natural order (2 before 10).
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lplcore.data.class_names import in_natural_order
from lplcore.data.data_files import MAX_ARRAY_BYTES, stamp
from lplcore.data.images.files import ImageFiles, Pixels, image_files
from lplcore.data.images.lines import HEADER, SPLITS, LabelledImage, class_names, image_of, spellings
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream, white_note
from lplcore.data.rules import FIRST_RULES, MOSTLY_SINGLE, RULES
from lplcore.errors import DatasetError
from lplcore.plugin import quoted

LABELS_FILE, CLASSES_FILE = "labels.csv", "classes.txt"
VALIDATION_IS_TEST = f"{LABELS_FILE} has no test rows: its val rows are the test split, and nothing is left to validate"
MAX_TEXT_BYTES = 2**26
MAX_IMAGES = 1_000_000
MAX_CLASSES = 100_000
SEEN = 16
"""Pixels per side at which an image is looked at when it is registered."""
FLAT_LEVELS = 4
"""Of 255: an image that varies by no more is nearly one colour."""


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
    rules: int = RULES
    """As `RegisteredDataset.rules`."""
    listing: str = LABELS_FILE
    """The file that lists the images; empty where their folders do."""

    @property
    def images(self) -> tuple[LabelledImage, ...]:
        """All, in the order of their splits."""
        return self.train + self.validation + self.test


def labels_of(folder: Path, *, task: str | None, rules: int = RULES) -> LabelledFolder:
    """The labels of a folder, checked; read once and remembered as long as both texts stay the same.

    Raises:
        DatasetError: a text is absent, too large or wrong; the message names the line.
    """
    return read_labels(folder, task, rules, stamp([folder / LABELS_FILE, folder / CLASSES_FILE]))


@lru_cache(maxsize=4)
def read_labels(folder: Path, task: str | None, rules: int, stamped: str) -> LabelledFolder:
    """As `labels_of`; `stamped` changes with the texts."""
    folder = Path(os.path.realpath(folder))
    text = read_text(folder, LABELS_FILE)
    listed = read_text(folder, CLASSES_FILE) if os.path.lexists(folder / CLASSES_FILE) else None
    images = read_images(text, rules)
    parts = {split: tuple(image for image in images if image.split == split) for split in SPLITS.values()}
    if not parts["train"]:
        raise DatasetError("name", f"{LABELS_FILE} has no line whose split is train; add training images")
    labels = {label for image in parts["train"] for label in image.labels}
    if not labels:
        raise DatasetError("name", f"{LABELS_FILE}: no training image has a label; add labels")
    notes: tuple[str, ...] = () if rules > 1 else (FIRST_RULES,)
    if parts["validation"] and not parts["test"]:
        parts, notes = {**parts, "validation": (), "test": parts["validation"]}, (*notes, VALIDATION_IS_TEST)
    if listed is not None:
        classes = class_names(listed, file=CLASSES_FILE, rules=rules)
    else:
        classes = in_natural_order(labels) if rules > 1 else tuple(sorted(labels))
    if task is None and rules > 1:
        notes += odd_rows(images)
    task = task_by_labels(images, asked=task)
    refuse_unfit(images, classes, task=task, listed=listed is not None)
    source = hashlib.sha256(json.dumps([text, listed]).encode()).hexdigest()
    return LabelledFolder(
        folder,
        task,
        classes,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        notes=notes,
        source=source,
        rules=rules,
    )


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
        path = spelled_in(folder, file).resolve(strict=True)
        is_file = path.is_file()
    except (OSError, RuntimeError, ValueError):
        is_file = False
    if not is_file:
        raise DatasetError("name", f"{where}: there is no file {quoted(file)} in {folder.name}; put it there")
    if not path.is_relative_to(folder):
        raise DatasetError("name", f"{where}: {quoted(file)} leads out of {folder.name}; copy the file into it")
    return path


def spelled_in(folder: Path, file: str) -> Path:
    """The path below the folder, each part in the spelling that is there."""
    path = folder
    for part in Path(file).parts:
        path = next((each for name in spellings(part) if os.path.lexists(each := path / name)), path / part)
    return path


def read_images(text: str, rules: int) -> list[LabelledImage]:
    """The lines of `labels.csv`, each file once."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    images: dict[str, LabelledImage] = {}
    try:
        header = next(rows, [])
        if ([name.strip() for name in header] if rules > 1 else header) != HEADER:
            raise DatasetError("name", f"{LABELS_FILE} line 1: expected the header {','.join(HEADER)}")
        for row in rows:
            if row:
                image = image_of(row, rows.line_num, where=f"{LABELS_FILE} line {rows.line_num}", rules=rules)
                first = images.setdefault(image.file, image)
                if first is not image:
                    message = f"{quoted(image.file)} is already in line {first.line}; remove one of them"
                    raise DatasetError("name", f"{LABELS_FILE} line {image.line}: {message}")
            if len(images) > MAX_IMAGES:
                raise DatasetError("name", f"{LABELS_FILE} has more than {MAX_IMAGES} images; split the data set")
    except csv.Error as error:
        raise DatasetError("name", f"{LABELS_FILE} line {rows.line_num}: {error}; mend the quotes") from error
    return list(images.values())


def odd_rows(images: Sequence[LabelledImage]) -> tuple[str, ...]:
    """A note where a few images make a set multi label."""
    odd = [image for image in images if len(image.labels) != 1]
    if not odd or len(odd) > (1 - MOSTLY_SINGLE) * len(images):
        return ()
    reason = f"{len(odd)} of {len(images)} images, the first in line {odd[0].line}, have not one label"
    return (f"{LABELS_FILE}: multi label, since {reason}; register it with the task single_label to have them refused",)


def refuse_unlabelled(folder: LabelledFolder, *, asked: str | None) -> None:
    """An image without label where none has more than one, unless multi_label was asked for."""
    numbers = {len(image.labels) for image in folder.images}
    if asked is None and folder.rules > 1 and 0 in numbers and max(numbers) == 1:
        line = next(image.line for image in folder.images if not image.labels)
        message = "no label, though no image has more than one; give it one, remove the line, or register the folder "
        remedy = "with the task multi_label, where an image may have none"
        raise DatasetError("name", f"{LABELS_FILE} line {line}: {message}{remedy}")


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
    class_set = set(classes)
    remedy = f"add it to {CLASSES_FILE}" if listed else f"no training line has it: list the classes in {CLASSES_FILE}"
    for image in images:
        for label in image.labels:
            if label not in class_set:
                message = f"label {quoted(label)} is not a class; correct it, or {remedy}"
                raise DatasetError("name", f"{LABELS_FILE} line {image.line}: {message}")


def fingerprint(folder: LabelledFolder) -> str:
    """sha256 over both texts and the name and size of every image, each of which must be there."""
    try:
        sizes = sorted((image.file, path_of(folder, image).stat().st_size) for image in folder.images)
    except OSError as error:
        raise DatasetError("name", f"an image cannot be read: {error.strerror}; make it readable") from error
    return hashlib.sha256(json.dumps([folder.source, sizes]).encode()).hexdigest()


def path_of(folder: LabelledFolder, image: LabelledImage) -> Path:
    """Where an image lies."""
    where = f"{folder.listing} line {image.line}" if folder.listing else folder.folder.name
    return inside(folder.folder, image.file, where=where)


def files_of(folder: LabelledFolder, pixels: Pixels) -> ImageFiles:
    """The images in the order of their splits, each of which must be there.

    Raises:
        DatasetError: one is not, or lies elsewhere.
    """
    names = [str(path_of(folder, image).relative_to(folder.folder)) for image in folder.images]
    lines = [image.line for image in folder.images] if folder.listing else None
    return image_files(folder.folder, names, pixels, listing=folder.listing, lines=lines)


class Looked(NamedTuple):
    """What was found by decoding every image."""

    notes: tuple[str, ...]
    """On what was changed."""
    flat: tuple[str, ...]
    """Names of images that are one colour throughout, or nearly."""


def check_images(folder: LabelledFolder) -> tuple[str, ...]:
    """Decode every image and keep none; returns notes on what was changed.

    Raises:
        DatasetError: an image is gone or damaged; the message names it.
    """
    return look_at(files_of(folder, Pixels(1, rules=folder.rules))).notes


def look_at(files: ImageFiles) -> Looked:
    """Decode every image and keep none.

    Raises:
        DatasetError: an image is gone or damaged; the message names it.
    """
    stream = ImageStream(replace(files, pixels=replace(files.pixels, size=SEEN, view="stretch")), InputPipeline())
    whitened, first, flat = 0, 0, list[str]()
    for read in stream.all():
        images = stream.usable(read).numpy()
        flat += [files.name(first + place) for place in flat_images(images, FLAT_LEVELS).tolist()]
        first, whitened = first + len(images), whitened + read.whitened
    return Looked(white_note(whitened, len(stream)), tuple(flat))


def flat_images(images: npt.NDArray[Any], levels: float) -> npt.NDArray[np.intp]:
    """Places of the images [N, channels, H, W] each of whose channels varies by no more than this."""
    likely = np.flatnonzero(varying_by(images[:, :, ::4, ::4]) <= levels)  # a few pixels tell of most that they are not
    flat: npt.NDArray[np.intp] = likely[varying_by(images[likely]) <= levels]
    return flat


def varying_by(images: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """[N] by how much the channel of each image that varies most does."""
    lowest, highest = images.min(axis=(2, 3)), images.max(axis=(2, 3))
    ranges: npt.NDArray[np.float64] = (highest.astype(np.float64) - lowest).max(axis=1)
    return ranges
