"""Few at once: for work that takes seconds of a processor which all handlers of the process share."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.problems import Problem

PATIENCE_SECONDS = 10.0


class Turnstile:
    """At most `at_once` run and `waiting` block; others get 429 at once, so that they hold no thread meanwhile."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._inside, self._room = threading.Semaphore(at_once), threading.Semaphore(at_once + waiting)

    @contextmanager
    def turn(self, what: str) -> Iterator[None]:
        """Hold a place.

        Raises:
            Problem: there is none in good time; `what` says for what.
        """
        too_many = busy(what)
        with place(self._room, too_many, seconds=0), place(self._inside, too_many, seconds=PATIENCE_SECONDS):
            yield


@contextmanager
def place(places: threading.Semaphore, too_many: Problem, *, seconds: float) -> Iterator[None]:
    """One of some places, waited for no longer than so many seconds."""
    if not places.acquire(timeout=seconds):
        raise too_many
    try:
        yield
    finally:
        places.release()


def busy(what: str) -> Problem:
    """What those are told who do not get in."""
    headers = {"Retry-After": str(math.ceil(PATIENCE_SECONDS))}
    return Problem(429, f"too many at once are {what}; try again in a moment", headers=headers)
