"""A service of one's own: `lpl serve` as a child process, for the demonstration."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from client.client import Client

READY_SECONDS = 120.0
# Longer than a trainer is given for its last checkpoint.
STOP_SECONDS = 60.0
LOG_LINES = 15
ADDRESS = re.compile(r"^serving on (http://\S+)$", re.MULTILINE)


class ServiceFailed(Exception):
    """The service did not come up; the message ends with what it said."""


class Service:
    """`lpl serve` on loopback, ended with the `with` block; on LPL_PORT, else its default or a free port.

    Args:
        data_dir: its data; its output goes to `serve.log` there.
    """

    def __init__(self, *, data_dir: Path) -> None:
        self.log = data_dir / "serve.log"
        self._data_dir = data_dir

    def __enter__(self) -> Self:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "client", "serve", "--host", "127.0.0.1"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LPL_DATA_DIR": str(self._data_dir), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C comes to this process, which then ends the service in order
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def ready_url(self, *, timeout_seconds: float = READY_SECONDS) -> str:
        """The address, once the service takes requests.

        Raises:
            ServiceFailed: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while (url := self._address()) is None or not is_ready(url):
            if self._process.poll() is not None:
                raise ServiceFailed(f"the service ended with status {self._process.returncode}{self._said()}")
            if time.monotonic() > deadline:
                raise ServiceFailed(f"the service was not ready after {timeout_seconds:g} seconds{self._said()}")
            time.sleep(0.1)
        return url

    def wait(self) -> int:
        """Wait for the service's own end; its status."""
        return self._process.wait()

    def stop(self) -> None:
        """End the service and everything it started."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _address(self) -> str | None:
        # Only the service itself knows which port it got.
        match = ADDRESS.search(self.log.read_text(errors="replace"))
        return match.group(1) if match else None

    def _said(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "; it said:\n" + "\n".join(f"  {line}" for line in lines) if lines else ""


def is_ready(url: str) -> bool:
    """Whether the service at an address takes requests."""
    with Client(url, retry_seconds=0, timeout_seconds=5) as client:
        try:
            return client.ready()
        except ConnectionError:
            return False
