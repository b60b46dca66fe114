"""The trainer process: a run, or a pack of runs, on standard input, events out through a pipe.

Of a pack every event says in `member` which run it is of; a line `{"stop": member}` on standard input ends that run.
What says nothing of a member is of the process.
"""

import contextlib
import faulthandler
import json
import logging
import os
import signal
import threading
import traceback
from collections.abc import Sequence
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


class Member:
    """A run of this process: what it is to train, and whether somebody wants it to stop.

    Args:
        number: its place in the pack; None: it has the process to itself.
    """

    def __init__(self, payload: dict[str, Any], pipe: Pipe, number: int | None = None) -> None:
        self.payload, self._pipe = payload, pipe
        self._mark = {} if number is None else {"member": number}
        self.stop = threading.Event()

    def send(self, event: dict[str, Any]) -> None:
        """Write one of its events."""
        self._pipe.send({**self._mark, **event})

    def request(self, stop_all: threading.Event, *, runs: int) -> lplcore.Request | None:
        """What to train, as one of so many runs; None where the spec is wrong, and the run has ended by that."""
        payload = self.payload
        datasets = registered(payload["datasets"])
        try:
            spec = lplcore.parse_spec(stored_spec(payload["spec"]), datasets=datasets)
        except lplcore.SpecError as error:
            self.send({"type": "run_end", "outcome": "failed", "reason": "bad_spec", "message": str(error)})
            return None
        device = device_of(payload)
        return lplcore.Request(
            spec=spec.model_copy(update={"seeds": [payload["seed"]]}),
            device=device,
            data_dir=Path(payload["data_dir"]),
            weights_dir=payload.get("weights_dir"),
            datasets=datasets,
            checkpoint_dir=Path(payload["checkpoint_dir"]),
            resume_from=payload["resume_from"],
            should_stop=lambda: stop_all.is_set() or self.stop.is_set(),
            stop_epoch=payload.get("stop_epoch"),
            pipeline=pipeline_of(payload, runs=runs),
            threads=threads(spec, device, payload),
        )


def listen(members: Sequence[Member]) -> None:
    """Take in which runs are to stop; end, with all that was started, when the supervisor does: its end closes."""

    def watch() -> None:
        try:
            with open(0, "rb", closefd=False) as lines:
                for line in lines:
                    members[json.loads(line)["stop"]].stop.set()
        finally:
            os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def first_line() -> str:
    """The payload; read byte by byte, since what follows is for `listen`."""
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


def pipeline_of(payload: dict[str, Any], *, runs: int) -> lplcore.InputPipeline:
    """How image files are read: as the worker's settings say, the processes shared by the runs of a pack."""
    told = payload.get("pipeline")
    if told is None:
        return lplcore.InputPipeline()
    shared = {"workers": -(-told["workers"] // runs), "cache_dir": Path(told["cache_dir"])}
    return lplcore.InputPipeline(**told | shared)


def train(members: Sequence[Member], pipe: Pipe, stop_all: threading.Event) -> None:
    """Send the events of the runs."""
    asked = [
        (member, request) for member in members if (request := member.request(stop_all, runs=len(members))) is not None
    ]
    if not asked:
        return
    torch.set_num_threads(max(request.threads or 1 for _, request in asked))
    start_threads()
    pipe.send({"type": "ready"})
    for place, event in lplcore.train_together([request for _, request in asked]):
        asked[place][0].send(event.to_json())


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
    """Train the runs of standard input; the exit status is 0 where a last event of each says how it ended."""
    stop_all = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop_all.set())
    faulthandler.enable()
    pipe = Pipe(os.fdopen(int(os.environ[EVENT_FD]), "wb"))
    payload = json.loads(first_line())
    packed = payload.get("members")
    members = [Member(each, pipe, number) for number, each in enumerate(packed or [])] or [Member(payload, pipe)]
    die_with(os.getppid())
    listen(members)
    setproctitle(title(payload["run_id"]))
    logging.captureWarnings(True)
    logging.getLogger().addHandler(EventHandler(pipe))
    try:
        train(members, pipe, stop_all)
    except Exception as error:
        pipe.send({"type": "log", "level": "error", "message": traceback.format_exc()})
        if packed:
            return 1  # nobody knows whose fault it is: each goes on alone
        message = traceback.format_exception_only(error)[-1].strip().partition("\n")[0]
        pipe.send({"type": "run_end", "outcome": "failed", "reason": "error", "message": message})
    return 0


if __name__ == "__main__":
    leave(main())
