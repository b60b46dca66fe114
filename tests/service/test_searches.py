"""Searches whose drivers and workers are killed: every trial once, and the same trials as undisturbed."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store import jobs
from store.database.engine import Database
from tests.api.searching import driver, ended, job_of, outcome, submit, take, train
from tests.grids import campaign
from tests.service.processes import QUICK, Process, Service, find, until
from tests.service.test_killed_api import api_on
from tests.store.databases import reading

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LEASE = 60.0


@contextlib.contextmanager
def drivers(url: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """What makes driving processes."""
    arguments = [sys.executable, "-m", "tests.service.driver_script", url, str(folder)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def status(process: "subprocess.Popen[str]") -> int | None:
    """How the driving process ended, None while it drives."""
    assert process.stdout is not None
    return int(process.stdout.readline()) if select.select([process.stdout], [], [], 0.01)[0] else None


@pytest.mark.parametrize("search", [
    {"finalists": 1}, campaign({"sampler": "tpe", "trials": 13, "at_once": 3}),
])  # fmt: skip
def test_a_driver_that_is_killed_before_any_of_its_writes_changes_nothing(
    db: Database, database_url: str, tmp_path: Path, search: dict[str, Any]
) -> None:
    with driver(db, tmp_path):
        undisturbed = ended(db, submit(db, tmp_path, **search))
    db.clock_offset += 2 * LEASE
    job_id, killed = submit(db, tmp_path, **search), 0
    with drivers(database_url, tmp_path) as process:
        assert process.stdin is not None
        while reading(db, jobs.get, job_id).search_open:
            print(db.clock_offset, killed + 1, file=process.stdin, flush=True)
            while (last := status(process)) is None:
                if (held := take(db)) is not None:
                    train(db, held)
            if last:
                assert last == signal.SIGKILL
                killed += 1
            db.clock_offset += 2 * LEASE  # until the lease of the dead one is over
    while (held := take(db)) is not None:
        train(db, held)
    assert killed > 5
    assert outcome(job_of(db, job_id)) == outcome(undisturbed)
