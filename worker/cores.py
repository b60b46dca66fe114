"""The cores of a worker's CPU: how many runs train at once."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def usable() -> int:
    """Cores that this process may use: those that OMP_NUM_THREADS allows, else those of its affinity."""
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(asked) if asked.isdigit() and int(asked) > 0 else processors()


def processors() -> int:
    """Those that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Cores:
    """Cores that runs take: one or all.

    Args:
        number: how many there are.

    Attributes:
        claiming: held by whoever looks for a run, so that two do not count on the same cores.
    """

    def __init__(self, number: int) -> None:
        self.number, self.claiming = number, threading.Lock()
        self._taken, self._lock = 0, threading.Lock()

    @property
    def free(self) -> int:
        """Cores that nothing computes with."""
        return self.number - self._taken

    @contextmanager
    def taken(self, *, one: bool) -> Iterator[None]:
        """One core, or all, for as long as the context lasts."""
        number = 1 if one else self.number
        with self._lock:
            self._taken += number
        try:
            yield
        finally:
            with self._lock:
                self._taken -= number
