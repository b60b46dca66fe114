"""Data sets as the interface shows them."""

from pathlib import Path
from typing import Any

import lplcore
from api.schemas.answers import at
from api.schemas.datasets import DatasetDetail
from api.services.registration import builtin_info, builtin_preview, shot_groups
from lplcore.data.images.folder import LABELS_FILE
from lplcore.data.long_tail import imbalance_of
from lplcore.data.rules import FIRST_RULES
from lplcore.datasets import Dataset
from lplcore.datasets.registered import CLASS_FOLDERS, LABELLED_IMAGES
from lplcore.plugin import plugins
from store.database.records import DatasetRecord


def builtin_names() -> list[str]:
    """The data sets that come with the service."""
    return list(plugins("dataset"))


def of_builtin(data_dir: Path, name: str, *, examples: bool) -> DatasetDetail:
    """A data set that comes with the service; its files may still be missing."""
    name_and_format: dict[str, Any] = {"name": name, "builtin": True, "format": "builtin"}
    try:
        info = builtin_info(name, data_dir)
        shown = builtin_preview(name, data_dir) if examples else []
    except lplcore.DatasetError as error:
        return DatasetDetail(**name_and_format, available=False, message=str(error))
    return DatasetDetail(**name_and_format, available=True, **facts({**info, "preview": shown}))


def of_record(record: DatasetRecord) -> DatasetDetail:
    """A registered data set as it was when it was registered."""
    path = Path(record.path)
    notes = [*record.info.get("notes", []), *([FIRST_RULES] if record.rules == 1 else [])]
    present = is_there(path, record.format)
    return DatasetDetail(
        name=record.name,
        builtin=False,
        available=present,
        message=None if present else f"{path.name} is gone; put it back or register it anew",
        format=record.format,
        path=path.name,
        sha256=record.sha256,
        created_at=at(record.created_at),
        uploaded="upload" in record.info,
        **facts({**record.info, "notes": notes}),
        **described(record),
    )


def described(record: DatasetRecord) -> dict[str, Any]:
    """What was found of a data set when it was registered; nothing of those registered before it was looked for."""
    missing = (record.info.get("table") or {}).get("missing", [])
    return {
        **record.info.get("description", {}),
        "target": record.target,
        "split": record.split,
        "missing_values": [{"column": column, "rows": rows} for column, rows in missing],
    }


def is_there(path: Path, kind: str) -> bool:
    """Whether what was registered in a format still lies there."""
    if kind == CLASS_FOLDERS:
        return path.is_dir()
    return (path / LABELS_FILE if kind == LABELLED_IMAGES else path).is_file()


def facts(info: dict[str, Any]) -> dict[str, Any]:
    """The part of an answer that says what a data set holds."""
    many_above = info.get("many_above", Dataset.many_above[info["task"]])
    few_below = info.get("few_below", Dataset.few_below)
    groups = shot_groups(info["class_counts"], many_above=many_above, few_below=few_below)
    names = ("task", "classes", "class_counts", "num_train", "num_validation", "num_test", "input_shape", "preview")
    held = {name: info[name] for name in names}
    return {
        **held,
        "num_classes": len(info["classes"]),
        "imbalance_factor": imbalance_of(tuple(info["class_counts"])),
        "notes": info.get("notes", []),
        "shot_groups": groups,
        "many_above": many_above,
        "few_below": few_below,
    }
