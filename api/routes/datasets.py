"""Data sets: built-in ones, and files and folders registered by path."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

import lplcore
from api.handlers import Threaded
from api.middleware.bodies import JSON_BODY
from api.middleware.security import READ, SUBMIT
from api.parameters import NAME, Cursor, DatasetName, Limit, Text
from api.problems import Problem, problems
from api.schemas.answers import DatasetAnswer, DatasetDetail, DatasetList, at
from api.services.registration import builtin_info, builtin_preview, inspect, register, shot_groups
from api.state import Service, Services
from lplcore.data.images.folder import LABELS_FILE
from lplcore.data.long_tail import imbalance_of
from lplcore.data.raw import FIRST_RULES
from lplcore.datasets import Dataset
from lplcore.datasets.registered import LABELLED_IMAGES
from lplcore.plugin import plugins
from store import datasets
from store.database.records import DatasetRecord

router = APIRouter(prefix="/v1/datasets", tags=["datasets"], dependencies=[READ], route_class=Threaded)


class NewDataset(BaseModel):
    """A file or a folder under LPL_DATA_DIR/datasets to be registered."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=NAME, description="the name that specs will use")
    path: Text = Field(
        min_length=1,
        max_length=1000,
        description="relative to LPL_DATA_DIR/datasets: an .npz, or a folder of images with labels.csv "
        "(split,file,labels; labels joined by |) and optional classes.txt",
    )
    task: Literal["single_label", "multi_label"] | None = Field(None, description="read from the labels where absent")


@router.post(
    "",
    status_code=201,
    operation_id="addDataset",
    dependencies=[SUBMIT, JSON_BODY],
    responses=problems(409, 413, 415),
)
def add(services: Services, response: Response, body: Annotated[NewDataset, Body()]) -> DatasetDetail:
    """Register an `.npz` or a folder of images.

    The `.npz` has `x_train`, `y_train` and optional `x_validation`, `y_validation`, `x_test`, `y_test`, `classes`;
    names and forms of Keras and MedMNIST are recognised. The folder has `labels.csv` with the header
    `split,file,labels`: train, val or test; a path relative to the folder; labels joined by `|`. Every image is
    decoded once to check it. What was recognised or changed stands in `notes`.
    """
    if body.name in plugins("dataset"):
        refusal = f"{body.name!r} is a built-in data set; choose another name"
        raise Problem(409, refusal, errors=[{"path": "name", "message": refusal}])
    data = inspect(services.settings.datasets_dir, body.path, task=body.task)
    record = services.db.write(partial(register, name=body.name, data=data))
    response.headers["Location"] = f"/v1/datasets/{record.name}"
    return of_record(record)


@router.get("", operation_id="listDatasets")
def list_datasets(services: Services, limit: Limit = 100, cursor: Cursor = None) -> DatasetList:
    """Built-in data sets (on the first page, beside `limit`), then registered ones."""
    with services.db.read() as session:
        page = datasets.list_datasets(session, limit=limit, cursor=cursor)
    builtin = [of_builtin(services, name, examples=False) for name in plugins("dataset")] if cursor is None else []
    listed = [DatasetAnswer(**dict(each)) for each in [*builtin, *map(of_record, page.items)]]
    return DatasetList(items=listed, next=page.next)


@router.get("/{name}", operation_id="getDataset", responses=problems(404))
def get(services: Services, name: DatasetName) -> DatasetDetail:
    """A data set with its classes, counts, shot groups and a preview."""
    if name in plugins("dataset"):
        return of_builtin(services, name, examples=True)
    with services.db.read() as session:
        record = datasets.get(session, name)
    return of_record(record)


@router.delete(
    "/{name}", status_code=204, operation_id="deleteDataset", dependencies=[SUBMIT], responses=problems(404, 409)
)
def delete(services: Services, name: DatasetName) -> None:
    """Forget a registered data set; its file stays."""
    if name in plugins("dataset"):
        raise Problem(409, f"{name!r} is built in and cannot be deleted")
    services.db.write(lambda session: datasets.delete_dataset(session, name))


def of_builtin(services: Service, name: str, *, examples: bool) -> DatasetDetail:
    """A data set that comes with the service; its files may still be missing."""
    name_and_format: dict[str, Any] = {"name": name, "builtin": True, "format": "builtin"}
    try:
        info = builtin_info(name, services.settings.data_dir)
        shown = builtin_preview(name, services.settings.data_dir) if examples else []
    except lplcore.DatasetError as error:
        return DatasetDetail(**name_and_format, available=False, message=str(error))
    return DatasetDetail(**name_and_format, available=True, **facts({**info, "preview": shown}))


def of_record(record: DatasetRecord) -> DatasetDetail:
    """A registered data set as it was when it was registered."""
    path = Path(record.path)
    notes = [*record.info.get("notes", []), *([FIRST_RULES] if record.rules == 1 else [])]
    present = (path / LABELS_FILE if record.format == LABELLED_IMAGES else path).is_file()
    return DatasetDetail(
        name=record.name,
        builtin=False,
        available=present,
        message=None if present else f"{path.name} is gone; put it back or register it anew",
        format=record.format,
        path=path.name,
        sha256=record.sha256,
        created_at=at(record.created_at),
        **facts({**record.info, "notes": notes}),
    )


def facts(info: dict[str, Any]) -> dict[str, Any]:
    """The part of an answer that says what a data set holds."""
    many_above = info.get("many_above", Dataset.many_above[info["task"]])
    few_below = info.get("few_below", Dataset.few_below)
    groups = shot_groups(info["class_counts"], many_above=many_above, few_below=few_below)
    names = ("task", "classes", "class_counts", "num_train", "num_validation", "num_test", "input_shape", "preview")
    held = {name: info[name] for name in names}
    return {
        **held,
        "imbalance_factor": imbalance_of(tuple(info["class_counts"])),
        "notes": info.get("notes", []),
        "shot_groups": groups,
        "many_above": many_above,
        "few_below": few_below,
    }
