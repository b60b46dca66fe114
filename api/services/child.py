"""Work in a process of its own: few at a time, bounded in time and memory, ended with this process."""

import contextlib
import json
import logging
import math
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from api.problems import RETRY_AFTER_SECONDS, Problem

ANSWER, ERRORS = "answer.json", "errors.txt"
TOLD = 4000
"""Characters of an unexpected error that the log gets."""
OUT_OF_MEMORY = ("MemoryError", "Memory allocation", "allocate memory", "out of memory", "bad_alloc", "map segment")
"""How programs and libraries say that they get no more memory."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a child may take."""

    seconds: float
    memory_bytes: int
    """Of its own writable memory, where the system can limit that (Linux)."""


class Children:
    """Runs modules: at most `at_once`, `waiting` more wait, others get 503 at once.

    A module reads a line of JSON from its standard input and ends when that closes. Before, it writes `answer.json`
    into the folder that the line names.
    """

    def __init__(self, *, at_once: int = 1, waiting: int = 1) -> None:
        self._inside, self._room = threading.Semaphore(at_once), threading.Semaphore(at_once + waiting)

    def run(self, module: str, request: Mapping[str, Any], *, folder: Path, limits: Limits) -> dict[str, Any]:
        """The child's answer.

        Args:
            module: what `python -m` runs.
            request: JSON-able; it gets `folder` too.
            folder: where the child may write; its temporary files go there.
            limits: of the child; whoever waits for a turn does so no longer than one may take.

        Raises:
            Problem: 503, others are at work; 422, the child took too long or too much memory, or failed.
        """
        with place(self._room, seconds=0), place(self._inside, seconds=limits.seconds):
            line = json.dumps({**request, "folder": str(folder)})
            with (folder / ERRORS).open("wb") as errors, started(module, folder, errors, limits) as process:
                finish(process, line, limits)
            return answer_of(process, module, folder, limits)


@contextlib.contextmanager
def place(places: threading.Semaphore, *, seconds: float) -> Iterator[None]:
    """One of some places, waited for no longer than so many seconds.

    Raises:
        Problem: 503, there is none in time.
    """
    if not places.acquire(timeout=seconds):
        headers = {"Retry-After": str(math.ceil(RETRY_AFTER_SECONDS))}
        raise Problem(503, "others are being served; try again in a moment", headers=headers, busy=True)
    try:
        yield
    finally:
        places.release()


@contextlib.contextmanager
def started(module: str, folder: Path, errors: IO[bytes], limits: Limits) -> Iterator["subprocess.Popen[bytes]"]:
    """A child in a session of its own; nothing of it is left afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=surroundings(folder),
        start_new_session=True,
    )
    RUNNING.add(process)
    try:
        limit_memory(process.pid, limits.memory_bytes)
        yield process
    finally:
        kill(process)
        RUNNING.discard(process)
        process.wait()
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()


RUNNING: "set[subprocess.Popen[bytes]]" = set()


def stop() -> None:
    """End all children: the service stops."""
    for process in list(RUNNING):
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a child and everything it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a child: without the service's settings, which hold secrets; the CPU alone is seen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LPL_", "PG"))}
    return {**kept, "TMPDIR": str(folder), "CUDA_VISIBLE_DEVICES": "", "GOMP_SPINCOUNT": "10000"}


def limit_memory(pid: int, memory_bytes: int) -> None:
    """Let a process have no more writable memory of its own. Addresses (RLIMIT_AS) say nothing: torch maps far more."""
    if hasattr(resource, "prlimit"):
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def finish(process: "subprocess.Popen[bytes]", line: str, limits: Limits) -> None:
    """Give a child its request and wait for its end.

    Raises:
        Problem: 422, it takes too long.
    """
    assert process.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        raise Problem(422, f"it takes more than {limits.seconds:g} s, which is the limit here") from None


def answer_of(process: "subprocess.Popen[bytes]", module: str, folder: Path, limits: Limits) -> dict[str, Any]:
    """What a child has answered.

    Raises:
        Problem: 422, it ended without an answer.
    """
    with contextlib.suppress(OSError, ValueError):
        answer: dict[str, Any] = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
        return answer
    errors = (folder / ERRORS).read_text(encoding="utf-8", errors="replace").strip()
    log.error("%s ended with status %s: %s", module, process.returncode, errors[-TOLD:])
    if any(text in errors[-TOLD:] for text in OUT_OF_MEMORY):
        raise Problem(422, f"it takes more than {limits.memory_bytes / 2**30:.3g} GiB of memory, the limit here")
    if process.returncode == -signal.SIGKILL:
        raise Problem(422, "it was ended: the service stops, or the machine is out of memory")
    raise Problem(422, f"it failed unexpectedly ({errors.splitlines()[-1][:300] if errors else 'without a word'})")
