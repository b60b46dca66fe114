"""Less to wait for where a test asks what follows, not when."""

import signal
from collections.abc import Iterator

import pytest

from client import connection, retries


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated requests follow each other sooner; commands give up sooner on a service that is not there."""
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(connection, "PROMPT_RETRY_SECONDS", 0.2)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
