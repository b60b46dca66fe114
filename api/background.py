"""Work beside the requests, in a thread of its own."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Background:
    """A thread that lasts as long as the context; what it runs ends when `stopping` is set.

    Args:
        work: what it runs.
        name: of the thread.
        stop_seconds: how long the end of the context waits for it.
        wanted: whether it is started at all.
    """

    def __init__(self, work: Callable[[], None], *, name: str, stop_seconds: float, wanted: bool = True) -> None:
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=work, name=name, daemon=True)
        self._stop_seconds, self._wanted = stop_seconds, wanted

    def __enter__(self) -> Self:
        if self._wanted:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        if self._wanted:
            self._thread.join(timeout=self._stop_seconds)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()
