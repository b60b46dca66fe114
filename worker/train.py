"""The trainer process: a run on standard input, events out through a pipe."""

import ctypes
import faulthandler
import json
import logging
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from setproctitle import setproctitle

import lplcore
from lplcore.spec.identity import stored_spec
from worker.process import EVENT_FD

PR_SET_PDEATHSIG = 1


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


def die_with_parent() -> None:
    """End when the supervisor does: by the kernel on Linux, and where its end of standard input closes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

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
    events = lplcore.train(
        stored_spec(payload["spec"]),
        seed=payload["seed"],
        data_dir=Path(payload["data_dir"]),
        datasets=registered(payload["datasets"]),
        checkpoint_dir=payload["checkpoint_dir"],
        resume_from=payload["resume_from"],
        should_stop=stop.is_set,
        device=device_of(payload),
    )
    for event in events:
        pipe.send(event.to_json())


def main() -> int:
    """Train the run of standard input; the exit status is 0 where the last event says how it ended."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    faulthandler.enable()
    pipe = Pipe(os.fdopen(int(os.environ[EVENT_FD]), "wb"))
    payload = json.loads(first_line())
    die_with_parent()
    setproctitle(f"lpl train {payload['run_id']}")
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
    sys.exit(main())
