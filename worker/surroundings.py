"""The environment of trainers: this process's without its secrets, with settings that libraries read as they load."""

import os

EVENT_FD = "LPL_EVENT_FD"
SECRETS = (
    "LPL_DATABASE_URL",
    "LPL_DATABASE_PASSWORD",
    "LPL_DATABASE_PASSWORD_FILE",
    "LPL_BROKER_URL",
    "LPL_BROKER_PASSWORD",
    "LPL_BROKER_PASSWORD_FILE",
    "LPL_ADMIN_KEY",
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
