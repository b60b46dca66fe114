"""A process that mirrors until it is ended: `python -m tests.api.mirror_process DATABASE SERVER`."""

import sys
import threading
from typing import Any

from api.mirroring.process import Mirroring
from store.database.engine import Database
from store.settings import Settings

QUICK: dict[str, Any] = {"lease_seconds": 2.0, "poll_seconds": 0.05, "first_pause_seconds": 0.05}


def main(database: str, server: str) -> None:
    """Mirror."""
    with Mirroring(Settings(mlflow_url=server), Database(database), **QUICK):
        print("mirroring", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
