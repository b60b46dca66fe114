"""How long and how often a request is repeated."""

import random
import time
from collections.abc import Iterator

from client.errors import ApiError

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
REFUSED_UNREAD = frozenset({429, 503})
"""The service has not looked at the request: any request may be sent again."""
AWAY = REFUSED_UNREAD | {502, 504}
"""Statuses that pass. After 502 and 504 of a proxy the request may have been carried out."""


class Patience:
    """The time for retries: growing pauses until `seconds` after the last sign of life are over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """Start anew, with short pauses: something useful has come."""
        self._pauses = pauses()
        self.extend()

    def extend(self) -> None:
        """Count the time from now on: the service lives."""
        self._deadline = time.monotonic() + self._seconds

    def wait(self, error: Exception) -> None:
        """Sleep until the next attempt, the last of which is at the end of the time.

        Raises:
            Exception: the error, where the time is over or the service asks for a longer pause than is left.
        """
        left = self._deadline - time.monotonic()
        asked = (error.retry_after_seconds or 0.0) if isinstance(error, ApiError) else 0.0
        if left <= 0 or asked > left:
            raise error
        time.sleep(max(asked, min(next(self._pauses), left)))


def pauses() -> Iterator[float]:
    """Seconds to wait between attempts: doubling, jittered so that many clients do not come back at once."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause * random.uniform(0.75, 1.25)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
