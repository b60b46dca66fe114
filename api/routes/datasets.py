"""Data sets: built-in ones, and files registered by path."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

import lplcore
from api.answers import DatasetAnswer, DatasetDetail, DatasetList, at
from api.dataset_preview import preview
from api.parameters import NAME, Cursor, DatasetName, Limit
from api.security import Reader, Submitter
from api.state import Service, Services
from lplcore.datasets.registered import inspect_arrays
from lplcore.plugin import plugins
from store import datasets
from store.errors import Conflict
from store.records import DatasetRecord

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])
HASH_BYTES = 1 << 20


class NewDataset(BaseModel):
    """A file under LPL_DATA_DIR/datasets to be registered."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=NAME, description="the name that specs will use")
    path: str = Field(min_length=1, max_length=1000, description="an .npz, relative to LPL_DATA_DIR/datasets")
    task: Literal["single_label", "multi_label"] | None = Field(None, description="read from the labels where absent")


def located(folder: Path, relative: str) -> Path:
    """The file below the datasets folder that a path means.

    Raises:
        DatasetError: it is absolute, leads out of the folder (also by a link), or is not there.
    """
    if "\x00" in relative or Path(relative).is_absolute():
        raise lplcore.DatasetError("path", "give a path relative to LPL_DATA_DIR/datasets")
    try:
        path = (folder / relative).resolve()
        inside = path.is_relative_to(folder.resolve())
        there = inside and path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise lplcore.DatasetError("path", "cannot be read as a path") from error
    if not inside:
        raise lplcore.DatasetError("path", "leads out of LPL_DATA_DIR/datasets; copy the file into it")
    if not there:
        raise lplcore.DatasetError("path", f"there is no file {relative!r} in {folder}; copy it there first")
    return path


def sha256_of(path: Path) -> str:
    """The file's hash."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(HASH_BYTES):
            digest.update(data)
    return digest.hexdigest()


@router.post("", status_code=201, operation_id="addDataset")
def add(found: Services, key: Submitter, response: Response, body: Annotated[NewDataset, Body()]) -> DatasetDetail:
    """Register an `.npz` with `x_train`, `y_train` and optional `x_validation`, `y_validation`, `x_test`, `y_test`."""
    if body.name in plugins("dataset"):
        raise Conflict(f"{body.name!r} is a built-in data set; choose another name")
    try:
        path = located(found.settings.datasets_dir, body.path)
        info = inspect_arrays(path)
        digest = sha256_of(path)
    except lplcore.DatasetError as error:
        raise lplcore.SpecError([{"path": "path", "message": str(error)}]) from error
    except OSError as error:
        raise HTTPException(422, f"path: {error.strerror}") from error
    if body.task is not None and body.task != info.task:
        message = f"the labels are {info.task}; leave task out or correct it"
        raise lplcore.SpecError([{"path": "task", "message": message}])
    record = datasets.add(
        found.db, name=body.name, format="arrays", path=str(path), task=info.task, sha256=digest, info={}
    )
    response.headers["Location"] = f"/v1/datasets/{record.name}"
    return detail(found, record.name, record)


@router.get("", operation_id="listDatasets")
def list_datasets(found: Services, key: Reader, limit: Limit = 100, cursor: Cursor = None) -> DatasetList:
    """Built-in data sets (on the first page), then registered ones."""
    page = datasets.list_datasets(found.db, limit=limit, cursor=cursor)
    builtin = [summary(found, name, None) for name in plugins("dataset")] if cursor is None else []
    return DatasetList(items=[*builtin, *(summary(found, each.name, each) for each in page.items)], next=page.next)


@router.get("/{name}", operation_id="getDataset")
def get(found: Services, key: Reader, name: DatasetName) -> DatasetDetail:
    """A data set with its classes, counts, shot groups and a preview."""
    return detail(found, name, None if name in plugins("dataset") else datasets.get(found.db, name))


@router.delete("/{name}", status_code=204, operation_id="deleteDataset")
def delete(found: Services, key: Submitter, name: DatasetName) -> None:
    """Forget a registered data set; its file stays."""
    if name in plugins("dataset"):
        raise Conflict(f"{name!r} is built in and cannot be deleted")
    datasets.delete_dataset(found.db, name)


def registered(record: DatasetRecord | None) -> Mapping[str, lplcore.RegisteredDataset]:
    """What lplcore needs to know of a registered data set."""
    if record is None:
        return {}
    entry = lplcore.RegisteredDataset(
        name=record.name, path=record.path, format=record.format, task=record.task, sha256=record.sha256
    )
    return {record.name: entry}


def facts(found: Service, name: str, record: DatasetRecord | None) -> tuple[Any, lplcore.DatasetInfo]:
    """The data set's plug-in and its facts.

    Raises:
        DatasetError: absent or corrupt.
    """
    known = registered(record)
    spec = lplcore.parse_spec({"dataset": name, "method": "cross_entropy"}, datasets=known)
    return spec.dataset, lplcore.dataset_info(spec.dataset, data_dir=found.settings.data_dir, datasets=known)


def basics(name: str, record: DatasetRecord | None) -> dict[str, Any]:
    """What is known without reading files."""
    if record is None:
        return {"name": name, "builtin": True, "format": "builtin"}
    return {
        "name": name,
        "builtin": False,
        "format": record.format,
        "task": record.task,
        "path": Path(record.path).name,
        "sha256": record.sha256,
        "created_at": at(record.created_at),
    }


def summary(found: Service, name: str, record: DatasetRecord | None) -> DatasetAnswer:
    """A data set in a list."""
    try:
        _, info = facts(found, name, record)
    except lplcore.DatasetError as error:
        return DatasetAnswer(**basics(name, record), available=False, message=str(error))
    return DatasetAnswer(**{**basics(name, record), "task": info.task}, available=True)


def detail(found: Service, name: str, record: DatasetRecord | None) -> DatasetDetail:
    """A data set with all that its files tell."""
    try:
        plugin, info = facts(found, name, record)
        shown = preview(plugin.read(found.settings.data_dir, registered(record)))
    except lplcore.DatasetError as error:
        return DatasetDetail(**basics(name, record), available=False, message=str(error))
    groups: dict[str, list[int]] = {"many": [], "medium": [], "few": []}
    for index, count in enumerate(info.class_counts):
        groups[info.shot_group(count)].append(index)
    return DatasetDetail(
        **{**basics(name, record), "task": info.task},
        available=True,
        classes=list(info.classes),
        class_counts=list(info.class_counts),
        shot_groups=groups,
        many_above=info.many_above,
        few_below=info.few_below,
        num_train=info.num_train,
        num_validation=info.num_validation,
        num_test=info.num_test,
        input_shape=list(info.input_shape),
        preview=shown,
    )
