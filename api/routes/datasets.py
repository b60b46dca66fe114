"""Data sets: built-in ones, and files and folders registered by path."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from api.handlers import Threaded
from api.late import late
from api.middleware.bodies import JSON_BODY
from api.middleware.security import READ, SUBMIT
from api.parameters import NAME, Cursor, DatasetName, Limit, Text
from api.problems import Problem, problems
from api.schemas.datasets import DatasetAnswer, DatasetDetail, DatasetList
from api.state import Services
from store import datasets, uploads

if TYPE_CHECKING:
    from api.services import dataset_answers, registration
else:
    dataset_answers, registration = late("api.services.dataset_answers"), late("api.services.registration")

router = APIRouter(prefix="/v1/datasets", tags=["datasets"], dependencies=[READ], route_class=Threaded)

ColumnName = Annotated[Text, Field(min_length=1, max_length=200)]


class NewDataset(BaseModel):
    """A file or a folder under LPL_DATA_DIR/datasets to be registered."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=NAME, description="the name that specs will use")
    path: Text = Field(
        min_length=1,
        max_length=1000,
        description="relative to LPL_DATA_DIR/datasets: an .npz, a .csv table, a tree of class folders, or a folder of "
        "images with labels.csv (split,file,labels; labels joined by |) and optional classes.txt",
    )
    task: Literal["single_label", "multi_label"] | None = Field(None, description="read from the labels where absent")
    target: ColumnName | None = Field(
        None, description="of a .csv: the column of the labels; by default target, label, class or y, else the last one"
    )
    split: ColumnName | None = Field(
        None, description="of a .csv: the column that says train, val or test; by default the one called split"
    )


FORM: dict[str, Any] = {
    "type": "object",
    "required": ["name", "file"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": NAME, "description": "the name that specs will use; send it first"},
        "task": {"enum": ["single_label", "multi_label"], "description": "read from the labels where absent"},
        "target": {"type": "string", "maxLength": 1000, "description": "of a table: the column of the classes"},
        "split": {"type": "string", "maxLength": 1000, "description": "of a table: the column of the splits"},
        "file": {
            "type": "string",
            "format": "binary",
            "description": "an .npz; a zip or tar (plain, gz, bz2, xz) of class folders, of train/ val/ test/ trees of "
            "them, or with labels.csv; a .csv table. The content decides which it is. The last part",
        },
    },
}


@router.post(
    "",
    status_code=201,
    operation_id="addDataset",
    dependencies=[SUBMIT, JSON_BODY],
    responses=problems(408, 409, 413, 415),
    openapi_extra={"requestBody": {"content": {"multipart/form-data": {"schema": FORM}}}},
)
def add(services: Services, response: Response, body: Annotated[NewDataset, Body()]) -> DatasetDetail:
    """Register an `.npz`, a `.csv` table or a folder of images, or send one as a file.

    As `multipart/form-data` the file comes with the request: see the parts of the form. An archive is unpacked within
    limits, and nothing is kept of what is refused. As JSON, a path below LPL_DATA_DIR/datasets is registered where it
    lies.

    The `.npz` has `x_train`, `y_train` and optional `x_validation`, `y_validation`, `x_test`, `y_test`, `classes`;
    names and forms of Keras and MedMNIST are recognised. The folder has `labels.csv` with the header
    `split,file,labels`: train, val or test; a path relative to the folder; labels joined by `|`. Every image is
    decoded once to check it. Of a `.csv`, numbers are standardised by the training rows, texts become categories.
    What was recognised or changed stands in `notes`, what spoils results in `warnings`.
    """
    if body.name in dataset_answers.builtin_names():
        refusal = f"{body.name!r} is a built-in data set; choose another name"
        raise Problem(409, refusal, errors=[{"path": "name", "message": refusal}])
    data = registration.inspect(
        services.settings.datasets_dir, body.path, task=body.task, target=body.target, split=body.split
    )
    record = services.db.write(partial(registration.register, name=body.name, data=data))
    response.headers["Location"] = f"/v1/datasets/{record.name}"
    return dataset_answers.of_record(record)


@router.get("", operation_id="listDatasets")
def list_datasets(services: Services, limit: Limit = 100, cursor: Cursor = None) -> DatasetList:
    """Built-in data sets (on the first page, beside `limit`), then registered ones."""
    with services.db.read() as session:
        page = datasets.list_datasets(session, limit=limit, cursor=cursor)
    names = dataset_answers.builtin_names() if cursor is None else []
    builtin = [dataset_answers.of_builtin(services.settings.data_dir, name, examples=False) for name in names]
    listed = [DatasetAnswer(**dict(each)) for each in [*builtin, *map(dataset_answers.of_record, page.items)]]
    return DatasetList(items=listed, next=page.next)


@router.get("/{name}", operation_id="getDataset", responses=problems(404))
def get(services: Services, name: DatasetName) -> DatasetDetail:
    """A data set with its classes, counts, shot groups and a preview."""
    if name in dataset_answers.builtin_names():
        return dataset_answers.of_builtin(services.settings.data_dir, name, examples=True)
    with services.db.read() as session:
        record = datasets.get(session, name)
    return dataset_answers.of_record(record)


@router.delete(
    "/{name}", status_code=204, operation_id="deleteDataset", dependencies=[SUBMIT], responses=problems(404, 409)
)
def delete(services: Services, name: DatasetName) -> None:
    """Forget a data set. The files of one that was uploaded are removed; what was registered by its path stays."""
    if name in dataset_answers.builtin_names():
        raise Problem(409, f"{name!r} is built in and cannot be deleted")
    uploads.delete(services.db, services.settings.datasets_dir, name)
