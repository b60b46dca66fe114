"""Failures in a row: how long to pause, and one log line when they begin and one when they are over."""

import logging
import random
import time

LONGEST_PAUSE_SECONDS = 30.0
log = logging.getLogger(__name__)


class Outage:
    """The state of something that may be away.

    Args:
        what: its name in the log.
        first_pause_seconds: after the first failure; every further one doubles it.
    """

    def __init__(self, what: str, *, first_pause_seconds: float) -> None:
        self._what, self._first = what, first_pause_seconds
        self._failures, self._since = 0, 0.0

    def failed(self, reason: object, *, trace: bool = False) -> None:
        """Count a failure; the first of several is logged."""
        if not self._failures:
            self._since = time.monotonic()
            log.warning(
                "%s: %s; runs go on, and what it misses follows as soon as it can", self._what, reason, exc_info=trace
            )
        self._failures += 1

    def over(self) -> None:
        """It works."""
        if self._failures:
            log.warning("%s is mirrored to again after %.0f s", self._what, time.monotonic() - self._since)
        self._failures = 0

    def pause_seconds(self, usual: float) -> float:
        """How long to wait before the next try; several processes do not come at the same moment."""
        if not self._failures:
            return usual
        longest = min(self._first * 2.0 ** min(self._failures - 1, 20), LONGEST_PAUSE_SECONDS)
        return longest * random.uniform(0.5, 1)
