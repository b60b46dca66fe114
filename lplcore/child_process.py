"""The child's side of work in a process of its own: a line of JSON on standard input, the answer in a file.

The line names the folder, where `answer.json` is written, and the memory that the process may have. The exit status is
0, `REFUSED` where the answer says what is wrong with the request, or `OUT_OF_MEMORY`. It ends, and leaves nothing, when
its standard input closes: with whoever started it.
"""

import importlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from lplcore.device import is_out_of_memory

ANSWER = "answer.json"
REFUSED, OUT_OF_MEMORY, ALONE = 3, 4, 1
ENDING = threading.Lock()
Work = Callable[[Path, dict[str, Any]], dict[str, Any]]


class Refusal(Exception):
    """Why there is no answer.

    Attributes:
        reason: a word for programs.
        errors: path and message of everything that is wrong.
    """

    def __init__(self, reason: str, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.reason, self.errors = reason, errors

    def to_json(self) -> dict[str, Any]:
        """The refusal in JSON types."""
        return {"reason": self.reason, "message": str(self), "errors": self.errors}


def serve(work: Work) -> NoReturn:
    """Answer one request by what `work` makes of its folder and its other fields."""
    line = sys.stdin.buffer.readline()
    if not line:
        leave(ALONE)
    request = json.loads(line)
    folder = Path(request.pop("folder"))
    threading.Thread(target=end_with_input, args=[folder], daemon=True).start()
    limit_memory(request.pop("memory_bytes"))
    try:
        status = answered(work, folder, request)
    finally:
        ENDING.acquire()  # what has begun to be removed is removed
    leave(status)


def answered(work: Work, folder: Path, request: dict[str, Any]) -> int:
    """Write the answer; the exit status that goes with it."""
    try:
        status, answer = 0, work(folder, request)
    except Refusal as refusal:
        status, answer = REFUSED, refusal.to_json()
    except Exception as error:
        if is_out_of_memory(error):
            return OUT_OF_MEMORY
        raise
    (folder / ANSWER).write_text(json.dumps(answer, allow_nan=False), encoding="utf-8")
    return status


def end_with_input(folder: Path) -> None:
    """Wait for the end of standard input."""
    while os.read(0, 1):
        pass
    with ENDING:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(ALONE)


def limit_memory(limit: int) -> None:
    """Let this process have no more memory of its own, where the kernel can hold it to that.

    RLIMIT_DATA counts what is really its own; RLIMIT_AS would also count the libraries and all that torch reserves.
    """
    if sys.platform == "linux":
        resource = importlib.import_module("resource")  # which Windows lacks
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def leave(status: int) -> NoReturn:
    """End this process at once: to take apart what torch has loaded takes a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
