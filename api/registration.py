"""Registering a file as a data set: where it lies, what it holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import lplcore
from api.dataset_preview import preview
from lplcore.datasets.registered import digest, inspect_arrays, read_arrays
from store import datasets
from store.database import Database
from store.records import DatasetRecord


def register(db: Database, folder: Path, *, name: str, path: str, task: str | None) -> DatasetRecord:
    """Check a file below the datasets folder and remember it with what it holds.

    Raises:
        SpecError: the path or the file is not fit, with the field and the remedy.
        Conflict: the name is taken.
    """
    try:
        file = located(folder, path)
        found = inspect_arrays(file)
        info = {**asdict(found), "preview": preview(read_arrays(file))}
        sha256 = digest(file)
    except lplcore.DatasetError as error:
        raise refused("path", str(error)) from error
    except OSError as error:
        raise refused("path", f"the file cannot be read: {error.strerror}") from error
    if task is not None and task != found.task:
        raise refused("task", f"the labels are {found.task}; leave task out or correct it")
    return datasets.add(db, name=name, format="arrays", path=str(file), task=found.task, sha256=sha256, info=info)


def located(folder: Path, relative: str) -> Path:
    """The file below the folder that a path means, links followed.

    Raises:
        SpecError: the path is absolute, leads out of the folder, or nothing is there.
    """
    if "\x00" in relative or "\\" in relative or Path(relative).is_absolute():
        raise refused("path", "give a path relative to LPL_DATA_DIR/datasets, with / between folders")
    try:
        file = (folder / relative).resolve()
        inside = file.is_relative_to(folder.resolve())
        there = inside and file.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise refused("path", "cannot be read as a path") from error
    if not inside:
        raise refused("path", "leads out of LPL_DATA_DIR/datasets; copy the file into that folder")
    if not there:
        raise refused("path", f"there is no file {relative!r} in {folder}; copy it there first")
    return file


def refused(field: str, message: str) -> lplcore.SpecError:
    """A refusal with its field."""
    return lplcore.SpecError([{"path": field, "message": message}])


def shot_groups(class_counts: list[int], *, many_above: int, few_below: int) -> dict[str, list[int]]:
    """Class indices of the many, medium and few shot groups."""
    groups: dict[str, list[int]] = {"many": [], "medium": [], "few": []}
    for index, count in enumerate(class_counts):
        groups["many" if count > many_above else "few" if count < few_below else "medium"].append(index)
    return groups


def builtin_info(name: str, data_dir: Path) -> dict[str, Any]:
    """What a built-in data set holds.

    Raises:
        DatasetError: its files are absent or corrupt.
    """
    spec = lplcore.parse_spec({"dataset": name, "method": "cross_entropy"})
    return asdict(lplcore.dataset_info(spec.dataset, data_dir=data_dir))


def builtin_preview(name: str, data_dir: Path) -> list[dict[str, Any]]:
    """A few examples of a built-in data set.

    Raises:
        DatasetError: its files are absent or corrupt.
    """
    spec = lplcore.parse_spec({"dataset": name, "method": "cross_entropy"})
    return preview(spec.dataset.read(data_dir, {}))
