"""The task of a data set, as far as it is known before a spec is complete."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lplcore.data.arrays.archive import task_of_labels
from lplcore.data.images.folder import labels_of
from lplcore.data.raw import RegisteredDataset
from lplcore.datasets.registered import CLASS_FOLDERS, LABELLED_IMAGES, TABLE, format_of
from lplcore.errors import DatasetError
from lplcore.plugin import plugins


def task_of(dataset: Any, registered: Mapping[str, RegisteredDataset]) -> str | None:
    """`single_label` or `multi_label`; None where the data set is unknown or unreadable, which is said later."""
    name = dataset.get("name") if isinstance(dataset, Mapping) else None
    if not isinstance(name, str):
        return None
    record = plugins("dataset").get(name)
    if record is not None:
        return next(iter(record.tasks)) if len(record.tasks) == 1 else None
    entry = registered.get(name)
    return None if entry is None else entry.task or stored_task(entry)


def stored_task(entry: RegisteredDataset) -> str | None:
    """The task by the labels in a registered file or folder."""
    if entry.format in (CLASS_FOLDERS, TABLE):
        return "single_label"
    try:
        if format_of(entry) == LABELLED_IMAGES:
            return labels_of(Path(entry.path), task=None, rules=entry.rules).task
        return task_of_labels(Path(entry.path), rules=entry.rules)
    except DatasetError:
        return None
