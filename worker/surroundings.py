"""What trainers live in, however they are started: environment, names, and their end with who started them."""

import contextlib
import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
EVENT_FD = "LPL_EVENT_FD"
SECRETS = (
    "LPL_DATABASE_URL",
    "LPL_DATABASE_PASSWORD",
    "LPL_DATABASE_PASSWORD_FILE",
    "LPL_BROKER_URL",
    "LPL_BROKER_PASSWORD",
    "LPL_BROKER_PASSWORD_FILE",
    "LPL_ADMIN_KEY",
    "LPL_MLFLOW_TOKEN",
    "LPL_MLFLOW_TOKEN_FILE",
    "LPL_ADMIN_KEY_FILE",
    "PGPASSWORD",
)
READ_AT_LOAD = {
    "GOMP_SPINCOUNT": "10000",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
"""Threads that wait for each other spin briefly: with libgomp's default a step took up to twenty times as long beside
other work. numpy starts no threads, and asking whether there is a GPU does not start CUDA: both would forbid a fork."""


def surroundings() -> dict[str, str]:
    """The environment for trainers; what is set already stays."""
    own = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return {**READ_AT_LOAD, **own}


def title(run_id: str) -> str:
    """What process lists show of a trainer."""
    return f"lpl train {run_id}"


def die_with(parent: int) -> None:
    """End at once when the parent process does, where the kernel can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def leave(status: int) -> NoReturn:
    """End this process at once, without taking apart what it has loaded: for torch that would take a second."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)
