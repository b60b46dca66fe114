"""The HTTP server: uvicorn that ends open event streams when it stops, for it would wait for them."""

import socket

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 5


class ApiServer(uvicorn.Server):
    """Serves the application on sockets that are bound already: `ApiServer(app).run(sockets=[bound])`."""

    def __init__(self, app: FastAPI, *, log_level: str = "info") -> None:
        config = uvicorn.Config(
            app,
            log_level=log_level,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            lifespan="on",
        )
        super().__init__(config)
        self._feed = app.state.service.feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, streams first."""
        self._feed.close()
        await super().shutdown(sockets)
