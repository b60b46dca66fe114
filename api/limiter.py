"""How many requests a key may send."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.problems import Problem


class Limiter:
    """Counts the requests of every key in this process over a sliding minute; 0 counts nothing."""

    def __init__(self, requests_per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(requests_per_minute) if requests_per_minute else None
        self._strategy = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, key_id: str) -> None:
        """Take a request in.

        Raises:
            Problem: 429, with the seconds after which the next one is served.
        """
        if self._item is None or self._strategy.hit(self._item, key_id):
            return
        reset_at = self._strategy.get_window_stats(self._item, key_id).reset_time
        seconds = max(1, math.ceil(reset_at - time.time()))
        detail = (
            f"this key has sent {self._item.amount} requests within a minute; wait, or raise LPL_REQUESTS_PER_MINUTE"
        )
        raise Problem(429, detail, headers={"Retry-After": str(seconds)})
