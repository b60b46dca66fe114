"""What a trainer prints, as lines for its run's log: the beginning as it comes, the end at the end, the middle counted.

A chatty trainer must not fill the database, and its last words say why it ended.
"""

import os
from collections import deque
from collections.abc import Callable

HEAD_BYTES = TAIL_BYTES = 100_000
PIECE_BYTES = 4_000


class Output:
    """Takes a process's output in; progress that rewrites its line by carriage returns leaves only its last state.

    Args:
        say: takes a level and a text of one or more lines.
    """

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self._say = say
        self._room = HEAD_BYTES
        self._tail: deque[bytes] = deque()
        self._tail_bytes = self._left_out_lines = self._left_out_bytes = 0

    def read(self, file: int) -> None:
        """Read until the other end closes; what comes at once is one text."""
        rest = b""
        while piece := os.read(file, PIECE_BYTES):
            lines, newline, rest = (rest + piece).rpartition(b"\n")
            if newline:
                self._take(lines)
            rest = shown(rest)
            if len(rest) > PIECE_BYTES:
                self._take(rest)
                rest = b""
        self._take(rest)
        self._close()

    def _take(self, text: bytes) -> None:
        text = b"\n".join(shown(line).rstrip(b"\r") for line in text.split(b"\n")).strip(b"\n")
        if not text.strip():
            return
        if not self._tail and len(text) <= self._room:
            self._room -= len(text)
            self._write(text)
            return
        self._tail.append(text)
        self._tail_bytes += len(text)
        while self._tail_bytes > TAIL_BYTES:
            dropped = self._tail.popleft()
            self._tail_bytes -= len(dropped)
            self._left_out_bytes += len(dropped)
            self._left_out_lines += dropped.count(b"\n") + 1

    def _close(self) -> None:
        if self._left_out_bytes:
            amount = f"{self._left_out_lines:,} lines ({self._left_out_bytes:,} bytes)"
            self._say("warning", f"{amount} of output are left out here; the beginning and the end are kept")
        for text in self._tail:
            self._write(text)

    def _write(self, text: bytes) -> None:
        self._say("info", text.decode(errors="replace"))


def shown(line: bytes) -> bytes:
    """What a terminal shows of a line in the end; a last carriage return stays, it may be half of a line's end."""
    ended = line.rstrip(b"\r")
    return ended.rpartition(b"\r")[2] + line[len(ended) :][:1]
