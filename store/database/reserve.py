"""A file that holds disk space back, so that jobs can still be deleted once the disk is full."""

import contextlib
import os
import shutil
from pathlib import Path

RESERVE_BYTES = 16 * 2**20
"""Enough for SQLite's journal of one deletion after another."""
ROOM = 8
"""The reserve is made where this many times its size is free."""


class Reserve:
    """The file `reserve` in a folder; whoever is urgent gives its space back, whoever has room makes it anew."""

    def __init__(self, folder: Path, *, size: int = RESERVE_BYTES) -> None:
        self.path, self._size = folder / "reserve", size

    def fill(self) -> None:
        """Make the file where it is absent and there is room; without it all goes on."""
        with contextlib.suppress(OSError):
            if not self.path.exists() and shutil.disk_usage(self.path.parent).free >= ROOM * self._size:
                self._make()

    def _make(self) -> None:
        file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file, 0, self._size)
        except OSError:
            self.path.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)

    def give_back(self) -> bool:
        """Free the space; false where there is none to free."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True
