"""Checkpoint content, streamed from the database in constant memory."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from api.conditional import NOT_MODIFIED, matches
from api.middleware.security import READ
from api.parameters import Identifier
from api.problems import problems
from api.ranges import byte_range
from api.state import Services
from store import checkpoints

router = APIRouter(prefix="/v1/checkpoints", tags=["results"], dependencies=[READ], responses=problems(404))
BINARY: dict[str, Any] = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole content", **BINARY},
    206: {"description": "The range asked for", **BINARY},
    **NOT_MODIFIED,
    **problems(416),
}


@router.get(
    "/{checkpoint_id}/content",
    operation_id="getCheckpointContent",
    response_class=StreamingResponse,
    responses=RESPONSES,
)
def content(
    services: Services,
    checkpoint_id: Identifier,
    range: Annotated[str | None, Header(description="a single byte range")] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The checkpoint's safetensors file."""
    with services.db.read() as session:
        checkpoint = checkpoints.get(session, checkpoint_id)
    tag, size = f'"{checkpoint.sha256}"', checkpoint.size_bytes
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Cache-Control": "private, max-age=86400, immutable"}
    if if_none_match is not None and matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    part = byte_range(range, size) if if_range in (None, tag) else None
    start, end = part or (0, size)
    file_name = f"{checkpoint.run_id}-epoch{checkpoint.epoch}-{checkpoint.kind}.safetensors"
    headers |= {"Content-Length": str(end - start), "Content-Disposition": f'attachment; filename="{file_name}"'}
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    body = checkpoints.stream(services.db, checkpoint_id, start=start, end=end)
    status = 200 if part is None else 206
    return StreamingResponse(body, status, headers=headers, media_type="application/octet-stream")
