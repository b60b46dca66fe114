"""Less to wait for where a test asks what follows, not when."""

import pytest

from client import connection, retries


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated requests follow each other sooner; commands give up sooner on a service that is not there."""
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(connection, "PROMPT_RETRY_SECONDS", 0.2)
