"""A real HTTP server that webhooks are delivered to."""

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The decoded JSON."""
        content: dict[str, Any] = json.loads(self.body)
        return content


def answering(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
    """A whole answer."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        with contextlib.suppress(OSError):
            handler.wfile.write(body)

    return reply


@dataclass
class Endpoint:
    """A server with what it has received; `replies` answer one request each, the last one all that follow."""

    replies: list[Reply] = field(default_factory=lambda: [answering(204)])
    received: list[Received] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Its address."""
        return f"{scheme}://{host}:{self.port}{path}"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Keep a request and answer it."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self.arrived:
            self.received.append(Received(handler.path, dict(handler.headers), body))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            self.arrived.notify_all()
        reply(handler)

    def wait(self, number: int, timeout: float = 30) -> list[Received]:
        """What has been received, once it is so much."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= number, timeout), self.received
            return list(self.received)


@contextlib.contextmanager
def listening(*replies: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    """An endpoint on loopback."""
    endpoint = Endpoint(list(replies) or [answering(204)])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            endpoint.take(self)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *arguments: Any) -> None:
            """A sender that goes is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    endpoint.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
