"""The trainer process as its supervisor sees it: events come through a pipe, signals go to its whole group."""

import contextlib
import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol, TypeVar

from worker.output import Output

T = TypeVar("T")
EXIT_SECONDS = 10.0
OUT_OF_MEMORY_HINT = "; the machine may be out of memory"


class Handle(Protocol):
    """A started process."""

    pid: int
    """Process and group id."""

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""

    def kill(self) -> None:
        """End it and everything it started, at once."""

    def ended(self) -> bool:
        """Whether it has ended, though what it started may live."""

    def reap(self) -> int | None:
        """See that nothing of its group is left; its exit status, None where nobody can tell it."""


@dataclass(frozen=True)
class ChildEnds:
    """What a trainer gets of its three pipes; its output and its errors share one."""

    stdin: int
    output: int
    events: int


Start = Callable[[ChildEnds], Handle]


class TrainerProcess:
    """A trainer in a session of its own. It ends when this process does: its standard input closes.

    Its output becomes `log` events between those that it sends itself.

    Args:
        start: starts the process on its ends of the pipes.
        payload: written to its standard input as one line of JSON.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, start: Start, payload: Mapping[str, Any]) -> None:
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._first: list[dict[str, Any] | None] = []
        (stdin, self._stdin), (output, out), (events, send) = os.pipe(), os.pipe(), os.pipe()
        try:
            self._handle = start(ChildEnds(stdin, out, send))
        except BaseException:
            for end in (self._stdin, output, events):
                os.close(end)
            raise
        finally:
            for end in (stdin, out, send):
                os.close(end)
        self._output = self._in_background(self._read_output, os.fdopen(output, "rb"))
        self._in_background(self._read_events, os.fdopen(events, "rb"))
        self._lines: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self._lines.put(payload)
        self._writer = self._in_background(self._write_lines, self._lines)

    @property
    def pid(self) -> int:
        """Process and group id."""
        return self._handle.pid

    def next_event(self) -> dict[str, Any] | None:
        """The next event, waited for; None after the last."""
        return self._first.pop() if self._first else self._events.get()

    def speaks_within(self, seconds: float) -> bool:
        """Whether a first event comes in time; it stays the next event."""
        with contextlib.suppress(queue.Empty):
            self._first = [self._events.get(timeout=seconds)]
        return bool(self._first) and self._first[0] is not None

    def tell(self, message: Mapping[str, Any]) -> None:
        """Write a line of JSON to its standard input, after the payload."""
        self._lines.put(message)

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""
        self._handle.terminate()

    def kill(self) -> None:
        """End it and everything it started, at once."""
        self._handle.kill()

    def ended(self) -> bool:
        """Whether it has ended, though what it started may live."""
        return self._handle.ended()

    def wait(self) -> int | None:
        """Wait a while for its end, see that nothing of its group is left; its exit status, None if nobody can tell."""
        deadline = time.monotonic() + EXIT_SECONDS
        while not self.ended() and time.monotonic() < deadline:
            time.sleep(0.01)
        status = self._handle.reap()
        self._output.join(timeout=1)
        self._lines.put(None)
        self._writer.join(timeout=1)
        with contextlib.suppress(OSError):
            os.close(self._stdin)
        return status

    def _in_background(self, work: Callable[[T], None], subject: T) -> threading.Thread:
        thread = threading.Thread(target=work, args=(subject,), name=work.__name__.strip("_"), daemon=True)
        thread.start()
        return thread

    def _write_lines(self, lines: "queue.SimpleQueue[Mapping[str, Any] | None]") -> None:
        """Write the payload and what is told later, however slowly it is read."""
        with contextlib.suppress(BrokenPipeError):
            while (message := lines.get()) is not None:
                view = memoryview(json.dumps(message).encode() + b"\n")
                while view:
                    view = view[os.write(self._stdin, view) :]

    def _read_events(self, stream: IO[bytes]) -> None:
        """Put every event into the queue, then None."""
        with stream:
            for line in stream:
                self._events.put(parsed(line))
        self._output.join(timeout=1)
        self._events.put(None)

    def _read_output(self, stream: IO[bytes]) -> None:
        """Turn output into log events."""
        with stream:
            Output(lambda level, text: self._events.put(log_event(level, text))).read(stream.fileno())


def parsed(line: bytes) -> dict[str, Any]:
    """An event from its line; what is not one becomes a log event."""
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict):
            return event
    return log_event("error", f"the trainer sent something that is no event: {line[:200]!r}")


def log_event(level: str, message: str) -> dict[str, Any]:
    """A line for the run's log."""
    return {"type": "log", "level": level, "message": message}


def kill_group(pid: int) -> None:
    """End a process and everything it started that has not left its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """An exit status in words."""
    if status == -signal.SIGKILL:
        return f"the trainer was ended by SIGKILL{OUT_OF_MEMORY_HINT}"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"the trainer was ended by {signal.Signals(-status).name}"
    return f"the trainer ended with status {status} before its run had ended"
