"""The host of warm trainers: it has imported all that a training would import, and forks a trainer in milliseconds.

It computes nothing, reads no data and does not look for a GPU: see `worker.forking`.
"""

import gc
import importlib
import os
import random
import signal
import socket
from typing import NoReturn

import numpy as np
import torch
from setproctitle import setproctitle

import lplcore
from worker import train
from worker.forking import ForkServer
from worker.surroundings import leave
from worker.warm import CONTROL_FD

FIRST_USE = "lplcore.methods"
"""What a first training imports as it goes."""
COMPILER = "torch._dynamo"
"""What torch's optimisers import as they are made; ours, SGD on a CPU, does not."""


def trainer() -> int:
    """Train, in a fork; draws that nobody seeds are not those of its siblings."""
    random.seed()
    np.random.seed()
    return train.main()


def load_compiler() -> None:
    """Load what some trainings need: at once where most do, else when there is time for it."""
    importlib.import_module(COMPILER)
    gc.collect()
    gc.freeze()


def main() -> NoReturn:
    """Load, then serve the worker."""
    setproctitle("lpl trainer host")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(os.environ.pop(CONTROL_FD)))
    importlib.import_module(FIRST_USE)
    lplcore.catalog()
    if torch.version.cuda or torch.version.hip:
        load_compiler()
    gc.collect()
    gc.freeze()
    ForkServer(control, trainer, idle=load_compiler).serve()
    leave(0)


if __name__ == "__main__":
    main()
