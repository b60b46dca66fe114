"""Checkpoint content, streamed from the database in constant memory."""

import re
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from api.parameters import Identifier
from api.security import Reader
from api.state import Services
from store import checkpoints

router = APIRouter(prefix="/v1/checkpoints", tags=["checkpoints"])
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, end) of a single range, None where there is none to honour.

    Raises:
        HTTPException: 416, the range lies outside.
    """
    match = RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        raise HTTPException(416, f"the range lies outside the {size} bytes", headers={"Content-Range": f"bytes */{size}"})
    return start, end


@router.get(
    "/{checkpoint_id}/content",
    operation_id="getCheckpointContent",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "A part", "content": {"application/octet-stream": {}}},
        416: {"description": "The range lies outside"},
    },
)
def content(
    found: Services,
    key: Reader,
    checkpoint_id: Identifier,
    range_header: Annotated[str | None, Header(alias="Range", max_length=200)] = None,
) -> StreamingResponse:
    """The checkpoint's safetensors file; a single byte range is honoured."""
    checkpoint = checkpoints.get(found.db, checkpoint_id)
    part = byte_range(range_header, checkpoint.size_bytes)
    start, end = part or (0, checkpoint.size_bytes)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "Content-Disposition": f'attachment; filename="{checkpoint.run_id}-epoch{checkpoint.epoch}.safetensors"',
        "ETag": f'"{checkpoint.sha256}"',
    }
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{checkpoint.size_bytes}"
    body = checkpoints.stream(found.db, checkpoint_id, start=start, end=end)
    return StreamingResponse(
        body, status_code=206 if part else 200, headers=headers, media_type="application/octet-stream"
    )
