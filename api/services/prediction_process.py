"""Work in a process of its own: it loads what it needs, is bounded in time, and ends with this one."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

PRIVATE = ("LPL_", "PG")
"""Beginnings of environment variables that may hold addresses and secrets of the service."""
READ_AT_LOAD = {"GOMP_SPINCOUNT": "10000", "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
"""Threads that wait spin briefly, NumPy starts none, and no GPU is touched."""
LAST_WORDS = 4000
OLD_SECONDS = 86_400
"""Of a folder that was left behind; no limit of a request is as long."""


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    status: int
    """Its exit status; negative: the signal that ended it."""
    words: str
    """The end of what it wrote to standard error."""


def run(module: str, folder: Path, *, seconds: float) -> Ended:
    """Run `python -m MODULE FOLDER` to its end. Its standard input stays open as long as this process lives.

    Raises:
        TimeoutError: it took longer, and has been killed.
        OSError: it cannot be started.
    """
    errors = folder / "errors.txt"
    command = [sys.executable, "-P", "-m", module, str(folder)]
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment(folder),
            cwd=folder,
            start_new_session=True,
        )
        with process:
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired as error:
                raise TimeoutError(f"{module} has not ended within {seconds:g} s") from error
            finally:
                process.kill()
    return Ended(status, errors.read_bytes()[-LAST_WORDS:].decode(errors="replace"))


def environment(folder: Path) -> dict[str, str]:
    """What the process sees of this one's environment; its temporary files go into the folder."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)}
    return {**own, **READ_AT_LOAD, "TMPDIR": str(folder)}


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
