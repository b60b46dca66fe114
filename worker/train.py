"""The trainer process: a run on standard input, events out through a pipe."""

import contextlib
import faulthandler
import json
import logging
import os
import signal
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO

import torch
from setproctitle import setproctitle

import lplcore
from lplcore.errors import CheckpointError
from lplcore.spec.identity import stored_spec
from lplcore.training.checkpoint import load_metadata
from worker.surroundings import EVENT_FD, die_with, leave, title

PARALLEL_NUMBERS = 1 << 18
"""Enough for an operation to be shared among threads."""


class Pipe:
    """Events as lines of JSON."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def send(self, event: dict[str, Any]) -> None:
        """Write one event; several threads may."""
        line = json.dumps(event).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


class EventHandler(logging.Handler):
    """Python's warnings and errors as log events."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(logging.WARNING)
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        self._pipe.send({"type": "log", "level": level, "message": record.getMessage()})


def die_with_supervisor() -> None:
    """End, with all that was started, when the supervisor does: its end of standard input closes."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def first_line() -> str:
    """The payload; read byte by byte, since what follows is watched for the parent's end."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode()


def registered(entries: list[dict[str, Any]]) -> dict[str, lplcore.RegisteredDataset]:
    """The data sets that the payload brings along."""
    return {entry["name"]: lplcore.RegisteredDataset(**entry) for entry in entries}


def device_of(payload: dict[str, Any]) -> str:
    """The worker's device if the spec says auto, else the kind it names; training fails where that is absent."""
    wanted = str(payload["spec"].get("device") or "auto").partition(":")[0]
    return str(payload["device"]) if wanted == "auto" else wanted


def train(payload: dict[str, Any], pipe: Pipe, stop: threading.Event) -> None:
    """Send the events of the run."""
    datasets = registered(payload["datasets"])
    spec = lplcore.parse_spec(stored_spec(payload["spec"]), datasets=datasets)
    device = device_of(payload)
    torch.set_num_threads(threads(spec, device, payload))
    start_threads()
    pipe.send({"type": "ready"})
    events = lplcore.train(
        spec,
        seed=payload["seed"],
        data_dir=Path(payload["data_dir"]),
        datasets=datasets,
        checkpoint_dir=payload["checkpoint_dir"],
        resume_from=payload["resume_from"],
        should_stop=stop.is_set,
        device=device,
    )
    for event in events:
        pipe.send(event.to_json())


def threads(spec: lplcore.ExperimentSpec, device: str, payload: dict[str, Any]) -> int:
    """Threads to compute with: as many as the run had before, since bits depend on it, else as the network gains by.

    On a CPU a small network is no faster with more than one, and much slower beside other work.
    """
    if payload["resume_from"] is not None:
        with contextlib.suppress(CheckpointError, KeyError, TypeError, ValueError):
            return max(1, int(load_metadata(payload["resume_from"])["conditions"]["threads"]))
    cores: int = payload.get("cores") or torch.get_num_threads()
    return cores if spec.model.parallel or device != "cpu" else 1


def start_threads() -> None:
    """Compute something with all threads: where they cannot work, no sign of life is given."""
    torch.ones(PARALLEL_NUMBERS).sum()


def main() -> int:
    """Train the run of standard input; the exit status is 0 where the last event says how it ended."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    faulthandler.enable()
    pipe = Pipe(os.fdopen(int(os.environ[EVENT_FD]), "wb"))
    payload = json.loads(first_line())
    die_with(os.getppid())
    die_with_supervisor()
    setproctitle(title(payload["run_id"]))
    logging.captureWarnings(True)
    logging.getLogger().addHandler(EventHandler(pipe))
    try:
        train(payload, pipe, stop)
    except lplcore.SpecError as error:
        pipe.send({"type": "run_end", "outcome": "failed", "reason": "bad_spec", "message": str(error)})
    except Exception as error:
        pipe.send({"type": "log", "level": "error", "message": traceback.format_exc()})
        message = traceback.format_exception_only(error)[-1].strip().partition("\n")[0]
        pipe.send({"type": "run_end", "outcome": "failed", "reason": "error", "message": message})
    return 0


if __name__ == "__main__":
    leave(main())
