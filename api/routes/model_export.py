"""A run's trained network to take away."""

import os
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from api.handlers import Threaded
from api.late import late
from api.middleware.security import READ
from api.parameters import Identifier
from api.problems import problems
from api.state import Services

if TYPE_CHECKING:
    from api.services import model_export
else:
    model_export = late("api.services.model_export")

router = APIRouter(
    prefix="/v1/runs", tags=["results"], dependencies=[READ], responses=problems(404, 409), route_class=Threaded
)
CHECKPOINT = r"^(best|last|c_[A-Za-z0-9_\-]+)$"
Format = Literal["safetensors", "torch_export", "onnx"]
ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A zip with the network, classes.json, preprocessing.json, card.md and load.py",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/{run_id}/export", operation_id="exportRun", response_class=StreamingResponse, responses=ZIP)
def export(
    services: Services,
    run_id: Identifier,
    format: Annotated[Format, Query(description="of the network in the zip")],
    checkpoint: Annotated[
        str | None,
        Query(
            max_length=40, pattern=CHECKPOINT, description="best, last or an id; the best if one is kept, else the last"
        ),
    ] = None,
) -> Response:
    """The trained network with all that predicting takes, in a zip; its `load.py` needs torch alone (onnx: onnxruntime
    and numpy), and Pillow for image files.

    Outputs are logits after the method's post-hoc correction, and probabilities (divided by the temperature that was
    fitted on the validation split, where there is one). What is given out predicts as the run does: that is looked at
    before. One export at a time is made; one more waits, others are answered 503 with Retry-After.
    """
    with services.db.read() as session:
        source = model_export.read(session, run_id, checkpoint)
    file = model_export.exported(services.db, services.settings, source, format)
    headers = {
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        "Content-Disposition": f'attachment; filename="{run_id}-epoch{source.checkpoint.epoch}-{format}.zip"',
    }
    return StreamingResponse(model_export.blocks(file), headers=headers, media_type="application/zip")
