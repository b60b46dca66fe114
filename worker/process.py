"""The trainer process as its supervisor sees it: events come through a pipe, signals go to its whole group."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

EVENT_FD = "LPL_EVENT_FD"
LOG_TAIL_BYTES = 4_000


class TrainerProcess:
    """A trainer in a session of its own. It ends when this process does: its standard input closes.

    Args:
        command: program and arguments.
        payload: written to its standard input as one line of JSON.
        environment: added to this process's.
        log_path: where its output goes.
    """

    def __init__(
        self, command: Sequence[str], payload: Mapping[str, Any], *, environment: Mapping[str, str], log_path: Path
    ) -> None:
        self.log_path = log_path
        self.events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        receiving, sending = os.pipe()
        try:
            with log_path.open("wb") as output:
                self._process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **environment, EVENT_FD: str(sending)},
                    pass_fds=[sending],
                    start_new_session=True,
                )
        except OSError:
            os.close(receiving)
            raise
        finally:
            os.close(sending)
        threading.Thread(target=self._read, args=(receiving,), name="trainer-events", daemon=True).start()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(payload).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        """Process and group id."""
        return self._process.pid

    def _read(self, descriptor: int) -> None:
        """Put every event into the queue, then None."""
        with os.fdopen(descriptor, "rb") as stream:
            for line in stream:
                try:
                    event = json.loads(line)
                except ValueError:
                    event = {"type": "log", "level": "error", "message": "an event could not be read"}
                self.events.put(event)
        self.events.put(None)

    def terminate(self) -> None:
        """Ask it to write a checkpoint and stop."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end, see that nothing of its group is left; returns the exit status."""
        status = self._process.wait()
        self.kill()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        return status

    def last_words(self) -> str:
        """The end of its output."""
        try:
            with self.log_path.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
                return file.read().decode(errors="replace").strip()
        except OSError:
            return ""


def describe_exit(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"the trainer was ended by {signal.Signals(-status).name}"
    return f"the trainer ended with status {status} and said nothing"
