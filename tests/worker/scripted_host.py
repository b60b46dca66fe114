"""A host without torch whose trainers do what the spec's `script` says; its argument is what is wrong with it.

`nothing`, `dies` and `hangs` (its forks, before their first event), `threads` (it has a second one), `older FILE` (it
has loaded that file), `idle FILE` (it adds a line to that file when it is idle), `exits` (it does not even start),
`ill-timed` (it dies as it is asked for a fork).
"""

import importlib.util
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.worker import trainer_script
from worker import forking
from worker.forking import ForkServer
from worker.warm import CONTROL_FD


def train() -> int:
    trainer_script.main()
    return 0


def die() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def hang() -> int:
    time.sleep(600)
    return 0


TRAINERS: dict[str, Callable[[], int]] = {"dies": die, "hangs": hang}


def load(path: str) -> None:
    spec = importlib.util.spec_from_file_location("loaded", path)
    assert spec is not None
    sys.modules["loaded"] = importlib.util.module_from_spec(spec)


def note(file: Path) -> None:
    with file.open("a") as lines:
        lines.write("idle\n")


class IllTimed(ForkServer):
    def _take(self) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return False


def main() -> None:
    fault, *rest = sys.argv[1:]
    if fault == "exits":
        sys.exit(1)
    if fault == "threads":
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    if fault == "older":
        load(rest[0])
    idle = None
    if fault == "idle":
        forking.IDLE_SECONDS = 0.1
        idle = partial(note, Path(rest[0]))
    control = socket.socket(fileno=int(os.environ.pop(CONTROL_FD)))
    kind = IllTimed if fault == "ill-timed" else ForkServer
    kind(control, TRAINERS.get(fault, train), idle=idle).serve()


if __name__ == "__main__":
    main()
