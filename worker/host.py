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
from worker.warm import CONTROL_FD

FIRST_USE = ("lplcore.methods", *(["torch._dynamo"] if torch.version.cuda or torch.version.hip else []))
"""What a first training imports as it goes: torch's optimisers load its compiler, ours for a CPU does not."""


def trainer() -> int:
    """Train, in a fork; draws that nobody seeds are not those of its siblings."""
    random.seed()
    np.random.seed()
    return train.main()


def main() -> NoReturn:
    """Load, then serve the worker; to take torch apart in the end would take a second."""
    setproctitle("lpl trainer host")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(os.environ.pop(CONTROL_FD)))
    for name in FIRST_USE:
        importlib.import_module(name)
    lplcore.catalog()
    gc.collect()
    gc.freeze()
    ForkServer(control, trainer).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
