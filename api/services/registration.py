"""Registering a file or a folder as a data set: where it lies, what it holds."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import lplcore
from api.services.dataset_preview import preview
from lplcore.data.arrays.archive import read_arrays
from lplcore.data.description import Description, describe
from lplcore.data.images.class_folders import OWN_SPLIT, class_folders_of, subfolders
from lplcore.data.images.files import Pixels
from lplcore.data.images.folder import (
    LABELS_FILE,
    LabelledFolder,
    files_of,
    fingerprint,
    labels_of,
    look_at,
    refuse_unlabelled,
)
from lplcore.data.info import RawFacts
from lplcore.data.raw import raw_facts
from lplcore.data.rules import RULES
from lplcore.data.shown import IMAGE_SIZE
from lplcore.data.tables.table import content_hash, read_table
from lplcore.datasets.registered import ARRAYS, CLASS_FOLDERS, LABELLED_IMAGES, TABLE, digest, folder_data, folder_facts
from lplcore.plugin import plugins
from store import datasets
from store.database.engine import Session
from store.database.records import DatasetRecord
from store.uploads import belongs_to_upload

OF_THE_BODY = ("task", "target", "split")
"""Fields beside the path that a refusal may name."""


@dataclass(frozen=True)
class Inspected:
    """What lies at a path, fully read and checked."""

    path: Path
    format: str
    facts: RawFacts
    preview: list[dict[str, Any]]
    description: Description


def inspect(
    folder: Path, path: str, *, task: str | None, target: str | None = None, split: str | None = None
) -> Inspected:
    """What a file or a folder below the datasets folder holds, fully read and checked.

    Args:
        folder: the datasets folder.
        path: relative to it.
        task: what the labels are meant as; None lets them say it.
        target: of a table, the column of the labels.
        split: of a table, the column that says train, val or test.

    Raises:
        SpecError: the path, the task or the content is not fit, with the field and the remedy.
    """
    place = path_below(folder, path)
    is_table = place.is_file() and place.suffix.lower() == ".csv"
    if not is_table:
        refuse_columns(target=target, split=split)
    try:
        if is_table:
            return inspect_table(place, task, target=target, split=split)
        return inspect_folder(place, task) if place.is_dir() else inspect_arrays(place, task)
    except lplcore.DatasetError as error:
        raise refused(error.field if error.field in OF_THE_BODY else "path", str(error)) from error
    except OSError as error:
        raise refused("path", f"the file cannot be read: {error.strerror}") from error


def register(session: Session, name: str, *, data: Inspected, upload: dict[str, Any] | None = None) -> DatasetRecord:
    """Remember an inspected file or folder with what it holds, and the upload that brought it.

    Raises:
        Conflict: the name is taken.
    """
    return datasets.add(
        session,
        name=name,
        format=data.format,
        path=str(data.path),
        task=data.facts.task,
        sha256=data.facts.sha256,
        info={
            **asdict(data.facts),
            "preview": data.preview,
            "rules": RULES,
            "description": asdict(data.description),
            **({"upload": upload} if upload else {}),
        },
    )


def inspect_arrays(file: Path, task: str | None) -> Inspected:
    """An `.npz`.

    Raises:
        DatasetError, OSError: it cannot be read.
        SpecError: its task is another.
    """
    sha256 = digest(file)
    data = read_arrays(file, task=task)
    if task is not None and task != data.task:
        raise refused("task", f"the labels are {data.task}; leave task out or correct it")
    described = describe(data, splits_drawn=False)
    return Inspected(file, ARRAYS, raw_facts(data, sha256=sha256), preview(data), described)


def inspect_table(file: Path, task: str | None, *, target: str | None, split: str | None) -> Inspected:
    """A CSV table.

    Raises:
        DatasetError, OSError: it cannot be read.
    """
    sha256 = digest(file)
    data = read_table(file, task=task, target=target, split=split)
    assert data.table is not None
    facts = raw_facts(data, sha256=content_hash(sha256, data.table.target, data.table.split))
    described = describe(data, splits_drawn=data.table.split is None)
    return Inspected(file, TABLE, facts, preview(data), described)


def refuse_columns(**columns: str | None) -> None:
    """Columns of what has none."""
    for field, column in columns.items():
        if column is not None:
            raise refused(field, "names a column of a .csv table, and this is none; leave it out")


def inspect_folder(folder: Path, task: str | None) -> Inspected:
    """A folder of images with `labels.csv`, or of class folders; every image is decoded once.

    Raises:
        DatasetError, OSError: a line of the labels or an image is not fit.
        SpecError: its task is another.
    """
    labelled = labels_as(folder, task)
    sha256 = fingerprint(labelled)
    data = folder_data(labelled, Pixels(IMAGE_SIZE, rules=labelled.rules))
    looked = look_at(files_of(labelled, Pixels(IMAGE_SIZE, rules=labelled.rules)))
    described = describe(data, splits_drawn=OWN_SPLIT in labelled.notes, flat=looked.flat)
    facts = folder_facts(labelled, image_size=IMAGE_SIZE, sha256=sha256)
    kind = LABELLED_IMAGES if labelled.listing else CLASS_FOLDERS
    return Inspected(folder, kind, replace(facts, notes=(*facts.notes, *looked.notes)), preview(data), described)


def labels_as(folder: Path, task: str | None) -> LabelledFolder:
    """The labels of a folder: as its `labels.csv` says, or its folders.

    Raises:
        DatasetError: they are not fit.
        SpecError: they are, but for another task.
    """
    read = labels_of if (folder / LABELS_FILE).is_file() else class_folders_of
    try:
        labelled = read(folder, task=task)
    except lplcore.DatasetError as error:
        read(folder, task=None)  # what is wrong whatever the task is no fault of the task
        raise refused("task", str(error)) from error
    refuse_unlabelled(labelled, asked=task)
    return labelled


def path_below(folder: Path, relative: str) -> Path:
    """The file, or the folder of images, below the folder that a path means, links followed.

    Raises:
        SpecError: the path is absolute, leads out of the folder, or nothing fit is there.
    """
    if "\x00" in relative or "\\" in relative or Path(relative).is_absolute():
        raise refused("path", "give a path relative to LPL_DATA_DIR/datasets, with / between folders")
    try:
        root, path = folder.resolve(), (folder / relative).resolve()
        inside = path != root and path.is_relative_to(root)
        is_folder, is_file = inside and path.is_dir(), inside and path.is_file()
        of_images = is_folder and ((path / LABELS_FILE).is_file() or bool(subfolders(path)))
    except (OSError, RuntimeError, ValueError) as error:
        raise refused("path", "cannot be read as a path") from error
    if not inside:
        raise refused("path", "is not below LPL_DATA_DIR/datasets; copy the file or folder into that folder")
    if belongs_to_upload(root, path):
        raise refused("path", "is part of a data set that was uploaded; use that one by its name")
    if is_folder and not of_images:
        missing = f"has neither {LABELS_FILE} (split,file,labels) nor class folders"
        raise refused("path", f"the folder {relative!r} {missing}; add one of them")
    if is_file and path.name == LABELS_FILE:
        raise refused("path", f"give the folder that holds {LABELS_FILE}, not the file")
    if not is_folder and not is_file:
        raise refused("path", f"there is no file {relative!r} in {folder}; copy it there first")
    return path


def refused(field: str, message: str) -> lplcore.SpecError:
    """A refusal with its field."""
    return lplcore.SpecError([{"path": field, "message": message}])


def shot_groups(class_counts: list[int], *, many_above: int, few_below: int) -> dict[str, list[int]]:
    """Class indices of the many, medium and few shot groups; a class without training examples is in none."""
    groups: dict[str, list[int]] = {"many": [], "medium": [], "few": []}
    for index, count in enumerate(class_counts):
        if count > 0:
            groups["many" if count > many_above else "few" if count < few_below else "medium"].append(index)
    return groups


def builtin_info(name: str, data_dir: Path) -> dict[str, Any]:
    """What a built-in data set holds.

    Raises:
        DatasetError: its files are absent or corrupt.
    """
    return asdict(lplcore.dataset_info(plugins("dataset")[name](name=name), data_dir=data_dir))


def builtin_preview(name: str, data_dir: Path) -> list[dict[str, Any]]:
    """A few examples of a built-in data set.

    Raises:
        DatasetError: its files are absent or corrupt.
    """
    return preview(plugins("dataset")[name](name=name).read(data_dir, {}))
