"""HEAD wherever there is GET: the same head, no body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """ASGI middleware: answers HEAD as GET up to the body, which is not made further than its first piece."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def head_only(message: Message) -> None:
            # After this end of the answer the server says that the client has gone, which ends a stream.
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        scope["method"] = "GET"  # in place: what is outside reads the route from this scope
        try:
            await self.app(scope, receive, head_only)
        finally:
            scope["method"] = "HEAD"
