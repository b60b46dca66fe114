"""A process that makes one export, as `lplcore.child_process` says."""

from pathlib import Path
from typing import Any

from lplcore.child_process import Refusal, serve
from lplcore.data.raw import RegisteredDataset
from lplcore.errors import CheckpointError, DatasetError, SpecError
from lplcore.export.made import export_checkpoint
from lplcore.export.network import Unexportable

CHECKPOINT = "checkpoint"
FILE = "export.zip"


def made(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The name of the zip.

    Raises:
        Refusal: there is none.
    """
    datasets = {entry["name"]: RegisteredDataset(**entry) for entry in request.pop("datasets")}
    try:
        export_checkpoint(folder / CHECKPOINT, folder / FILE, datasets=datasets, **request)
    except DatasetError as error:
        raise Refusal("no_data", f"dataset.{error.field}: {error}") from error
    except (CheckpointError, SpecError, Unexportable) as error:
        raise Refusal("unexportable", str(error)) from error
    return {"file": FILE}


if __name__ == "__main__":
    serve(made)
