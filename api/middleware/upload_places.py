"""How many uploads run at once: each holds a thread, a file that grows and, at its end, a processor."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter

from api.problems import Problem

AT_ONCE = 8
"""Of all keys together, in this process."""
RETRY_AFTER_SECONDS = 30


class UploadPlaces:
    """At most `per_key` uploads of one key at once, and `AT_ONCE` of all; used in the event loop alone.

    Attributes:
        threads: those that uploads run in, so that they take none from other requests.
    """

    def __init__(self, per_key: int) -> None:
        self._per_key, self._taken = per_key, Counter[str | None]()
        self.threads = CapacityLimiter(AT_ONCE)

    @contextmanager
    def place(self, key_id: str | None) -> Iterator[None]:
        """Hold a place; requests without a key share theirs.

        Raises:
            Problem: 429, there is none.
        """
        if self._taken[key_id] >= self._per_key:
            raise busy(f"{self._per_key} uploads of this key are under way (LPL_UPLOADS_PER_KEY)")
        if self._taken.total() >= AT_ONCE:
            raise busy(f"{AT_ONCE} uploads are under way")
        self._taken[key_id] += 1
        try:
            yield
        finally:
            self._taken[key_id] -= 1


def busy(what: str) -> Problem:
    """The refusal of one more."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Problem(429, f"{what}; send yours when one of them has ended", headers=headers)
