"""A door to a PostgreSQL server that can be shut: connections break, new ones are refused."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Self

from sqlalchemy import make_url


class Door:
    """A TCP port of its own that leads to the server's Unix socket while it is open."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        folder = str(parsed.query["host"])
        self._target = str(next(path for path in Path(folder).glob(".s.PGSQL.*") if path.suffix != ".lock"))
        self._port = free_port()
        query = {name: value for name, value in parsed.query.items() if name != "host"}
        changed = parsed.set(host="127.0.0.1", port=self._port, query=query)
        self.url = changed.render_as_string(hide_password=False)
        self._pairs: list[socket.socket] = []
        self._listener: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether connections are let through."""
        return self._listener is not None

    def open(self) -> None:
        """Let connections through."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen()
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def shut(self) -> None:
        """Break every connection and refuse new ones."""
        listener, self._listener = self._listener, None
        pairs, self._pairs = self._pairs, []
        for opened in [listener, *pairs] if listener else pairs:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                outer, _ = listener.accept()
            except OSError:
                return
            inner = socket.socket(socket.AF_UNIX)
            try:
                inner.connect(self._target)
            except OSError:  # the server is away
                outer.close()
                inner.close()
                continue
            self._pairs += [outer, inner]
            for source, sink in ((outer, inner), (inner, outer)):
                threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes one way until either end closes, or is reset as by a process that was killed."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
