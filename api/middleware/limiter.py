"""How many requests a key may send."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable

from api.problems import Problem

WINDOW_SECONDS = 60.0


class Limiter:
    """Counts the requests of every key in this process over a sliding minute; 0 counts nothing.

    What a key sent in the minute before counts by the share of it that lies within the last sixty seconds.
    """

    def __init__(self, requests_per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock, self._lock = requests_per_minute, clock, threading.Lock()
        self._minute = 0
        self._sent, self._sent_before = Counter[str](), Counter[str]()

    def count(self, key_id: str) -> None:
        """Take a request in.

        Raises:
            Problem: 429, with the seconds after which the next one is served.
        """
        if not self._most:
            return
        with self._lock:
            passed = self._share_of_minute()
            before, sent = self._sent_before[key_id], self._sent[key_id]
            if math.floor(before * (1 - passed)) + sent < self._most:
                self._sent[key_id] += 1
                return
        detail = f"this key has sent {self._most} requests within a minute; wait, or raise LPL_REQUESTS_PER_MINUTE"
        seconds = WINDOW_SECONDS * (served_again(before, sent, self._most) - passed)
        raise Problem(429, detail, headers={"Retry-After": str(math.floor(seconds) + 1)})

    def _share_of_minute(self) -> float:
        """How much of the minute has passed; begins a new one where it is due."""
        minutes = self._clock() / WINDOW_SECONDS
        minute = math.floor(minutes)
        if minute != self._minute:
            self._sent_before = self._sent if minute == self._minute + 1 else Counter()
            self._minute, self._sent = minute, Counter()
        return minutes - minute


def served_again(before: int, sent: int, most: int) -> float:
    """The share of the minute after which a key's next request is served; 1 is the end of the minute."""
    return 1.0 if sent >= most else 1 - (most - sent) / before
