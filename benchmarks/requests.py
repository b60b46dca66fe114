"""JSON over one kept connection: the same client for every server that is measured, and as little of it as possible."""

import http.client
import json
import subprocess
import time
from collections.abc import Mapping
from typing import Any

JSON = {"Content-Type": "application/json"}


class Requests:
    """Requests to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> Any:
        """Read."""
        return self._answer("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send a body."""
        return self._answer("POST", path, json.dumps(body).encode())

    def _answer(self, method: str, path: str, body: bytes | None) -> Any:
        try:
            answer = self._sent(method, path, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()  # servers close a connection that was idle for seconds
            answer = self._sent(method, path, body)
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        return json.loads(content) if content.startswith((b"{", b"[")) else content

    def _sent(self, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        self._connection.request(method, path, body, JSON if body else {})
        return self._connection.getresponse()

    def wait(self, path: str, server: subprocess.Popen[Any], *, seconds: float) -> None:
        """Wait until the server answers.

        Raises:
            OSError: it never does, or has ended.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.get(path)
                return
            except (OSError, http.client.HTTPException, RuntimeError):
                self._connection.close()
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
            time.sleep(0.05)
