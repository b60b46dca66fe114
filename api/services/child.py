"""Work in a process of its own: few at a time, bounded in time and memory, ended with this process."""

import json
import logging
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from api.late import late
from api.problems import RETRY_AFTER_SECONDS, Problem

if TYPE_CHECKING:
    from lplcore import child_process
else:
    child_process = late("lplcore.child_process")

SCRATCH = "scratch"
"""Folder of temporary ones, in the data directory."""
ERRORS = "errors.txt"
MIB = 2**20
PRIVATE = ("LPL_", "PG")
"""Beginnings of environment variables that may hold addresses and secrets of the service."""
READ_AT_LOAD = {"GOMP_SPINCOUNT": "10000", "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
"""Threads that wait spin briefly, NumPy starts none, and no GPU is touched."""
OLD_SECONDS = 86_400
"""Of a folder that was left behind; no limit of a request is as long."""
TOLD = 4000
"""Characters of an unexpected error that the log gets."""
OUT_OF_MEMORY = (
    "MemoryError",
    "Memory allocation",
    "allocate memory",
    "out of memory",
    "bad_alloc",
    "map segment",
    "hread creation failed",
    "start new thread",
)
"""How programs and libraries say that they get no more memory."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a child may take."""

    seconds: float
    memory_bytes: int
    """Of its own writable memory, where the system can limit that (Linux)."""
    settings: str
    """Beginning of the settings' names, for messages."""

    @property
    def time(self) -> str:
        """The time in words."""
        return f"{self.seconds:g} s ({self.settings}_SECONDS)"

    @property
    def memory(self) -> str:
        """The memory in words."""
        return f"{self.memory_bytes / MIB:g} MiB of memory ({self.settings}_MEMORY_BYTES)"


class Children:
    """Runs modules: at most `at_once`, `waiting` more wait, others get 503 at once.

    A module does as `lplcore.child_process` says.
    """

    def __init__(self, *, at_once: int = 1, waiting: int = 1) -> None:
        self._inside, self._room = threading.Semaphore(at_once), threading.Semaphore(at_once + waiting)

    def run(
        self,
        module: str,
        request: Mapping[str, Any],
        *,
        folder: Path,
        limits: Limits,
        prepare: Callable[[], object] = dict,
    ) -> bytes:
        """The child's answer, JSON.

        Args:
            module: what `python -m` runs.
            request: JSON-able; it gets `folder` and `memory_bytes` too.
            folder: where the child may write; its temporary files go there.
            limits: of the child; whoever waits for a turn does so no longer than one may take.
            prepare: what is done first, once it has its turn.

        Raises:
            Problem: 503, others are at work; 422, the child took too long or too much memory, or failed.
            Refusal: what the child refuses.
        """
        with place(self._room, seconds=0), place(self._inside, seconds=limits.seconds):
            prepare()
            line = json.dumps({**request, "folder": str(folder), "memory_bytes": limits.memory_bytes})
            with (folder / ERRORS).open("wb") as errors, started(module, folder, errors) as process:
                finish(process, line, limits)
            return answer_of(process, module, folder, limits)


@contextmanager
def place(places: threading.Semaphore, *, seconds: float) -> Iterator[None]:
    """One of some places, waited for no longer than so many seconds.

    Raises:
        Problem: 503, there is none in time.
    """
    if not places.acquire(timeout=seconds):
        raise busy()
    try:
        yield
    finally:
        places.release()


def busy() -> Problem:
    """What those are told who do not get in; `busy` tells it from a database that is away."""
    headers = {"Retry-After": str(math.ceil(RETRY_AFTER_SECONDS))}
    return Problem(503, "others are being served; try again in a moment", headers=headers, busy=True)


@contextmanager
def started(module: str, folder: Path, errors: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """A child in a session of its own; nothing of it is left afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=surroundings(folder),
        cwd=folder,
        start_new_session=True,
    )
    RUNNING.add(process)
    try:
        yield process
    finally:
        kill(process)
        RUNNING.discard(process)
        process.wait()
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()


RUNNING: "set[subprocess.Popen[bytes]]" = set()


def stop() -> None:
    """End all children: the service stops."""
    for process in list(RUNNING):
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a child and everything it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a child: without the service's settings, which hold secrets; the CPU alone is seen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)}
    return {**kept, **READ_AT_LOAD, "TMPDIR": str(folder)}


def finish(process: "subprocess.Popen[bytes]", line: str, limits: Limits) -> None:
    """Give a child its request and wait for its end.

    Raises:
        Problem: 422, it takes too long.
    """
    assert process.stdin is not None
    try:
        with suppress(BrokenPipeError):
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        raise Problem(422, f"it takes more than {limits.time}; raise that limit, or ask for less") from None


def answer_of(process: "subprocess.Popen[bytes]", module: str, folder: Path, limits: Limits) -> bytes:
    """What a child has answered.

    Raises:
        Problem: 422, it ended without an answer.
        Refusal: it refuses.
    """
    if process.returncode == 0:
        return (folder / child_process.ANSWER).read_bytes()
    if process.returncode == child_process.REFUSED:
        raise child_process.Refusal(**json.loads((folder / child_process.ANSWER).read_text(encoding="utf-8")))
    errors = (folder / ERRORS).read_text(encoding="utf-8", errors="replace").strip()[-TOLD:]
    log.error("%s ended with status %s: %s", module, process.returncode, errors)
    if process.returncode == -signal.SIGKILL:
        raise Problem(422, "it was ended: the service stops, or the machine is out of memory")
    exhausted = process.returncode < 0 or process.returncode == child_process.OUT_OF_MEMORY
    if exhausted or any(text in errors for text in OUT_OF_MEMORY):
        raise Problem(422, f"it takes more than {limits.memory}; raise that limit, or ask for less")
    raise Problem(422, f"it failed unexpectedly ({errors.splitlines()[-1][:300] if errors else 'without a word'})")


@contextmanager
def folder_in(scratch: Path, prefix: str) -> Iterator[Path]:
    """A new folder, removed at the end; those that a killed service has left are removed before."""
    scratch.mkdir(parents=True, exist_ok=True)
    forget_old(scratch, prefix)
    with TemporaryDirectory(dir=scratch, prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def forget_old(scratch: Path, prefix: str) -> None:
    """Remove folders that no request can still need."""
    for folder in scratch.glob(f"{prefix}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > OLD_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
