"""Predictions of a run's network for new examples."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ, SUBMIT
from api.parameters import Identifier, Text
from api.problems import Problem, problems, refusal
from api.schemas.predictions import PredictionList
from api.services.child import SCRATCH, busy, folder_in
from api.state import Services

if TYPE_CHECKING:
    from api.services import prediction
else:
    prediction = late("api.services.prediction")

router = APIRouter(
    prefix="/v1/runs", tags=["results"], dependencies=[READ, SUBMIT], responses=problems(404), route_class=Threaded
)
MOST_FILES = 256
MOST_AT_ONCE = 8
"""Requests of a process whose bodies are being received, or that wait."""
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {"inputs": {"type": "array", "minItems": 1, "maxItems": MOST_FILES, "items": {}}},
                    "additionalProperties": False,
                }
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
        },
    }
}
Which = Annotated[
    Text | None,
    Query(
        pattern=r"^(best|last|c_[A-Za-z0-9_\-]{1,38})$",
        description="best, last or a checkpoint's id; left out: the best where the run keeps one, else the last",
    ),
]
Correction = Annotated[
    Text | None,
    Query(
        max_length=500,
        description="in place of the run's own post-hoc correction: one by its name or as a JSON object, or none",
    ),
]


class Places:
    """How many requests are under way."""

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place; only the event loop calls.

        Raises:
            Problem: 503, there is none.
        """
        if self.taken >= self.most:
            raise busy()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


PLACES = Places(MOST_AT_ONCE)


@router.post(
    "/{run_id}/predict",
    operation_id="predict",
    response_model=PredictionList,
    response_model_exclude_none=True,
    responses=problems(409, 413, 415),
    openapi_extra=BODY,
)
async def predict(
    services: Services, request: Request, run_id: Identifier, checkpoint: Which = None, posthoc: Correction = None
) -> Response:
    """Predict new examples with a run's network: images as multipart `files`, or feature rows or images as JSON.

    Rows of a table are objects: `{"inputs": [{"amount": 3.5, "country": "DE"}]}`, null where a value is missing.

    Preprocessing is that of the run's evaluation. At most 256 inputs and 64 MiB; one request is computed at a time.
    """
    with PLACES.one():
        model = await run_in_threadpool(prediction.model_of, services.db, run_id, checkpoint=checkpoint)
        with folder_in(services.settings.data_dir / SCRATCH, "predict-") as folder:
            try:
                inputs = await received(request, folder)
            except ClientDisconnect:
                raise Problem(400, "the body ended early") from None
            content = await run_in_threadpool(
                prediction.answer, services.db, services.settings, model, inputs, folder, posthoc=posthoc
            )
    return Response(content, media_type="application/json")


async def received(request: Request, folder: Path) -> "prediction.Inputs":
    """The inputs of a request, written into a folder as they come.

    Raises:
        Problem: they are of another kind, or too many.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await uploaded(request, folder)
    if kind != "application/json":
        raise Problem(415, "send JSON with Content-Type: application/json, or images as multipart/form-data")
    with (folder / "body.json").open("wb") as file:
        async for part in request.stream():
            file.write(part)
    return prediction.Inputs(body="body.json")


async def uploaded(request: Request, folder: Path) -> "prediction.Inputs":
    """The images of a multipart body.

    Raises:
        Problem: there are too many of them, or other parts.
    """
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_FILES)
    except HTTPException as error:
        if str(error.detail).startswith("Too many files"):
            raise Problem(413, f"at most {MOST_FILES} files are predicted at a time; send them in parts") from None
        raise
    try:
        files = images_in(form)
        places = [f"{number:03}.image" for number in range(len(files))]
        for place, file in zip(places, files, strict=True):
            await run_in_threadpool(copy, file, folder / place)
    finally:
        await form.close()
    return prediction.Inputs(files=places, names=[(file.filename or "")[:200] for file in files])


def images_in(form: FormData) -> list[UploadFile]:
    """The files of a form.

    Raises:
        Problem: 422, other parts.
    """
    errors = [
        {"path": name[:100], "message": "is no part of this request; send images as files of the part `files`"}
        for name, value in form.multi_items()
        if name != "files" or not isinstance(value, UploadFile)
    ]
    if not form:
        errors = [{"path": "files", "message": "are none; give at least one image"}]
    if errors:
        raise refusal(errors[:100])
    return [value for _, value in form.multi_items() if isinstance(value, UploadFile)]


def copy(file: UploadFile, path: Path) -> None:
    """Write an upload to a file."""
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target)
