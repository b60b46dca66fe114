"""A process that makes one export: a line of JSON on standard input, the answer in a file.

It ends, and leaves nothing, when its standard input closes: with whoever started it.
"""

import json
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from lplcore.data.raw import RegisteredDataset
from lplcore.errors import CheckpointError, DatasetError, SpecError
from lplcore.export.made import export_checkpoint
from lplcore.export.network import Unexportable

ANSWER = "answer.json"


def main() -> None:
    """Make what is asked for in the folder that the request names."""
    request = json.loads(sys.stdin.readline())
    folder = Path(request.pop("folder"))
    threading.Thread(target=end_with_input, args=[folder], daemon=True).start()
    answer = made(folder, request)
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")
    os._exit(0)  # to take apart what torch has loaded takes a second


def made(folder: Path, request: dict[str, Any]) -> dict[str, str]:
    """The name of the zip, or why there is none."""
    datasets = {entry["name"]: RegisteredDataset(**entry) for entry in request.pop("datasets")}
    try:
        export_checkpoint(folder / "checkpoint", folder / "export.zip", datasets=datasets, **request)
    except DatasetError as error:
        return {"refused": f"dataset.{error.field}: {error}"}
    except (CheckpointError, SpecError, Unexportable) as error:
        return {"refused": str(error)}
    return {"file": "export.zip"}


def end_with_input(folder: Path) -> None:
    """Wait for the end of standard input."""
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
