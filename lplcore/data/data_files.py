"""Files of data sets: how large their contents may be, and whether they are still the same."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

MAX_ARRAY_BYTES = 2**33
"""Of all multi-hot labels, and of an archive's arrays."""


def stamp(paths: Iterable[Path]) -> str:
    """What changes when one of the files does, of fixed length however many there are."""
    seen = hashlib.sha256()
    for path in paths:
        try:
            status = path.stat()
            seen.update(repr((str(path), status.st_size, status.st_mtime_ns)).encode())
        except OSError:
            seen.update(repr((str(path), None)).encode())
    return seen.hexdigest()
