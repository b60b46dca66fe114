"""Data sets sent as a file. This group comes before `datasets`, which takes JSON at the same address."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import anyio.from_thread
import anyio.to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Scope

from api.handlers import Threaded
from api.late import late
from api.middleware.bodies import declared_length, is_form
from api.middleware.security import READ, SUBMIT, Caller
from api.problems import Problem
from api.schemas.datasets import DatasetDetail
from api.state import Service, Services

if TYPE_CHECKING:
    from api.services import dataset_answers, uploads
else:
    dataset_answers, uploads = late("api.services.dataset_answers"), late("api.services.uploads")


class OfForms(Threaded):
    """A route for forms; JSON at the same address is another's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this route."""
        return super().matches(scope) if scope["type"] == "http" and is_form(scope) else (Match.NONE, {})


router = APIRouter(prefix="/v1/datasets", dependencies=[READ], route_class=OfForms)


@router.post("", status_code=201, dependencies=[SUBMIT], include_in_schema=False)
async def upload(request: Request, services: Services, key: Caller, response: Response) -> DatasetDetail:
    """Keep a file as a data set; documented with the JSON form."""
    with services.upload_places.place(None if key is None else key.id):
        threads = services.upload_places.threads
        answer: DatasetDetail = await anyio.to_thread.run_sync(received, request, services, limiter=threads)
    response.headers["Location"] = f"/v1/datasets/{answer.name}"
    return answer


def received(request: Request, services: Service) -> DatasetDetail:
    """The data set made of a request's body."""
    content_type = request.headers["content-type"]
    length = declared_length(request.scope) or None
    upload = uploads.Upload(services.settings, services.db, content_type, length)
    return dataset_answers.of_record(upload.receive(blocks(request)))


def blocks(request: Request) -> Iterator[bytes]:
    """The body as it arrives.

    Raises:
        Problem: the client is gone.
    """
    stream = request.stream()
    try:
        while (block := anyio.from_thread.run(anext, stream, None)) is not None:
            yield block
    except ClientDisconnect:
        raise Problem(400, "the connection broke off before the form had arrived; send it again") from None
