"""The client of a command."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from client.client import Client

# Somebody waits before the prompt; a watch outlives a restart of the service.
PROMPT_RETRY_SECONDS = 2.0
WATCH_RETRY_SECONDS = 120.0


@contextmanager
def connected(context: typer.Context, *, patient: bool = False) -> Iterator[Client]:
    """A client for the address given by `lpl --url`, LPL_URL or the default."""
    url = context.find_root().params.get("url")
    with Client(url, retry_seconds=WATCH_RETRY_SECONDS if patient else PROMPT_RETRY_SECONDS) as client:
        yield client
