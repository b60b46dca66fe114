"""The trainer process as its supervisor sees it: events come through a pipe, signals go to its whole group."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

from worker.output import Output

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
EXIT_SECONDS = 10.0
OUT_OF_MEMORY_HINT = "; the machine may be out of memory"


class TrainerProcess:
    """A trainer in a session of its own. It ends when this process does: its standard input closes.

    Its output becomes `log` events between those that it sends itself. No secret of this process reaches it.

    Args:
        command: program and arguments.
        payload: written to its standard input as one line of JSON.
        environment: added to this process's.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], payload: Mapping[str, Any], *, environment: Mapping[str, str]) -> None:
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reaping = threading.Lock()
        receiving, sending = os.pipe()
        inherited = {name: value for name, value in os.environ.items() if name not in SECRETS}
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**inherited, **environment, EVENT_FD: str(sending)},
                pass_fds=[sending],
                start_new_session=True,
            )
        except OSError:
            os.close(receiving)
            raise
        finally:
            os.close(sending)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._output = self._in_background(self._read_output, self._process.stdout)
        self._in_background(self._read_events, os.fdopen(receiving, "rb"))
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(payload).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        """Process and group id."""
        return self._process.pid

    def next_event(self) -> dict[str, Any] | None:
        """The next event, waited for; None after the last."""
        return self._events.get()

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""
        with self._reaping:
            if self._process.returncode is None:
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started, at once."""
        with self._reaping:
            if self._process.returncode is None:  # not reaped, so the id is still its own
                self._kill_group()

    def ended(self) -> bool:
        """Whether it has ended, though what it started may live; its id stays taken where the system allows that."""
        with self._reaping:
            if self._process.returncode is not None:
                return True
            if not hasattr(os, "waitid"):  # macOS before Python 3.13
                return self._process.poll() is not None
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def wait(self) -> int:
        """Wait a while for its end, see that nothing of its group is left; returns the exit status."""
        deadline = time.monotonic() + EXIT_SECONDS
        while not self.ended() and time.monotonic() < deadline:
            time.sleep(0.01)
        with self._reaping:
            self._kill_group()
            status = self._process.wait()
        self._output.join(timeout=1)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        return status

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _in_background(self, read: Any, stream: IO[bytes]) -> threading.Thread:
        thread = threading.Thread(target=read, args=(stream,), name=read.__name__.strip("_"), daemon=True)
        thread.start()
        return thread

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


def describe_exit(status: int) -> str:
    """An exit status in words."""
    if status == -signal.SIGKILL:
        return f"the trainer was ended by SIGKILL{OUT_OF_MEMORY_HINT}"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"the trainer was ended by {signal.Signals(-status).name}"
    return f"the trainer ended with status {status} before its run had ended"
