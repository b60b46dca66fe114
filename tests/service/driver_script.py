"""Drives searches in processes that die at a write: `driver_script.py DATABASE_URL FOLDER`.

Each line of its standard input, `CLOCK_OFFSET WRITE`, makes one, which drives until nothing is open or until it is
killed before its so-many-th write (statement or commit). Its end is told in a line: the exit status.
"""

import os
import sys
import time
from pathlib import Path

from api import late
from store import searches
from store.database.engine import Database
from tests.api.searching import driver
from tests.store.crash_script import Crash
from tests.store.databases import reading


def drive(url: str, folder: Path, clock_offset: float, at: int) -> None:
    """Drive until nothing is open."""
    db = Database(url, clock_offset=clock_offset)
    Crash(db, at)
    with driver(db, folder):
        while reading(db, searches.open_searches):
            time.sleep(0.02)


def main(url: str, folder: str) -> None:
    """Make the processes, one after the other; each is forked from this one, which has everything loaded."""
    late.load()
    print("ready", flush=True)
    for line in sys.stdin:
        offset, at = line.split()
        pid = os.fork()
        if pid == 0:
            drive(url, Path(folder), float(offset), int(at))
            os._exit(0)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
